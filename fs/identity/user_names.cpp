#include "fs/identity/user_names.hpp"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "fs/identity/persona.hpp"

namespace statusfs {
namespace {

// Beyond this many users the memory is begun anew, so that user namespaces cannot fill it.
constexpr std::size_t maximum_remembered = 4096;

// POSIX lets "no such entry" be told by any of these.
bool means_none(int error) {
  return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

// Calls one of the getXXX_r functions with room enough for the entry, and takes `member` of what it found.
template <typename Entry, typename Function, typename Key, typename Member>
auto ask_database(Function function, Key key, Member member) -> std::optional<decltype(member(Entry{}))> {
  std::vector<char> room(1024);
  while (true) {
    Entry entry{};
    Entry* found = nullptr;
    const int error = function(key, &entry, room.data(), room.size(), &found);
    if (found != nullptr) return member(entry);
    if (error == ERANGE) {
      room.resize(room.size() * 4);
    } else if (means_none(error)) {
      return std::nullopt;
    } else if (error != EINTR) {
      throw std::system_error(error, std::generic_category(), "the user database does not answer");
    }
  }
}

}  // namespace

std::optional<std::string> find_user_name(uid_t uid) {
  return ask_database<passwd>(::getpwuid_r, uid, [](const passwd& entry) {
    return std::string(entry.pw_name == nullptr ? "" : entry.pw_name);
  });
}

std::optional<uid_t> find_user(const std::string& name) {
  return ask_database<passwd>(::getpwnam_r, name.c_str(), [](const passwd& entry) { return entry.pw_uid; });
}

std::optional<gid_t> find_group(const std::string& name) {
  return ask_database<group>(::getgrnam_r, name.c_str(), [](const group& entry) { return entry.gr_gid; });
}

std::vector<gid_t> find_groups_of(uid_t uid) {
  const auto user = ask_database<passwd>(::getpwuid_r, uid, [](const passwd& entry) {
    return std::pair(std::string(entry.pw_name == nullptr ? "" : entry.pw_name), entry.pw_gid);
  });
  if (!user) return {};
  std::vector<gid_t> groups(64);
  int count = static_cast<int>(groups.size());
  while (::getgrouplist(user->first.c_str(), user->second, groups.data(), &count) < 0) {
    groups.resize(std::max(2 * groups.size(), static_cast<std::size_t>(count)));
    count = static_cast<int>(groups.size());
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

std::optional<std::string> UserNames::remembered(uid_t uid) const {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(uid);
  return found == names_.end() ? std::nullopt : std::optional(found->second);
}

std::string UserNames::name_of(uid_t uid) const {
  if (std::optional<std::string> name = remembered(uid)) return *std::move(name);
  std::optional<std::string> name;
  try {
    name = find_user_name(uid);
  } catch (const std::system_error&) {
    return std::to_string(uid);  // not remembered: the database may answer the next time
  }
  if (!name || !is_persona(*name)) name = std::to_string(uid);
  const std::lock_guard lock(mutex_);
  if (names_.size() >= maximum_remembered) names_.clear();
  return names_.emplace(uid, *std::move(name)).first->second;
}

}  // namespace statusfs
