#include "fs/identity/caller.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <system_error>

#include "fs/unique_fd.hpp"

namespace statusfs {
namespace {

// More than nearly every environment, so that one read(2) takes it whole.
constexpr std::size_t first_read = std::size_t{1} << 14;

// NGROUPS_MAX groups of ten digits and a blank each, and the other lines.
constexpr std::size_t maximum_status = std::size_t{1} << 20;

constexpr std::string_view persona_variable = "STATUSFS_PERSONA=";
constexpr std::string_view trace_parent_variable = "TRACEPARENT=";

UniqueFd open_in_proc(pid_t process, std::string_view name) {
  char path[64] = "/proc/";
  char* end = std::to_chars(path + 6, path + 24, process).ptr;
  *end++ = '/';
  end[name.copy(end, name.size())] = '\0';
  return UniqueFd(::open(path, O_RDONLY | O_CLOEXEC));
}

// The bytes that were read; 0 at the end, and where the file cannot be read.
std::size_t read_some(const UniqueFd& file, char* bytes, std::size_t size) {
  for (;;) {
    const ssize_t got = ::read(file.get(), bytes, size);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return 0;
  }
}

// At most `limit` bytes of a file of /proc; empty where it cannot be read. Such a file reads short only at its end, or
// where it cannot be read.
std::string read_in_proc(pid_t process, std::string_view name, std::size_t limit) {
  const UniqueFd file = open_in_proc(process, name);
  if (!file) return {};
  char first[first_read];  // not a string, which would write all of it before the kernel does
  const std::size_t got = read_some(file, first, std::min(limit, first_read));
  std::string text(first, got);
  while (text.size() < limit && text.size() >= first_read) {
    const std::size_t used = text.size(), wanted = std::min(limit, 2 * used) - used;
    text.resize(used + wanted);
    const std::size_t more = read_some(file, text.data() + used, wanted);
    text.resize(used + more);
    if (more < wanted) break;
  }
  return text;
}

// What stands behind `label` in /proc/ID/status. A newline in the process's name is escaped there, so no process can
// forge a line.
std::string_view status_line(std::string_view status, std::string_view label) {
  const std::size_t found = status.find(label);
  if (found == std::string_view::npos) return {};
  const std::string_view rest = status.substr(found + label.size());
  return rest.substr(0, rest.find('\n'));
}

// Takes the next number off the front of `text`, blanks before it skipped.
template <typename Number>
std::optional<Number> take_number(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

pid_t group_of(pid_t thread, std::string_view status) {
  std::string_view line = status_line(status, "\nTgid:");
  return take_number<pid_t>(line).value_or(thread);
}

std::vector<gid_t> groups_in(std::string_view status) {
  std::vector<gid_t> groups;
  std::string_view line = status_line(status, "\nGroups:");
  while (const std::optional<gid_t> group = take_number<gid_t>(line)) groups.push_back(*group);
  return groups;
}

}  // namespace

Caller identify(uid_t uid, gid_t gid, pid_t thread, bool with_groups, ThreadGroups* known) {
  Caller caller{uid, gid, thread, 0, {}};
  if (thread <= 0) return caller;  // 0 would mean ourselves to the calls below
  bool is_pid_known = is_in_group(thread, thread);
  if (const auto group = is_pid_known || !known ? std::nullopt : known->known(thread)) {
    caller.pid = *group;
    is_pid_known = true;
  }
  if (!is_pid_known || with_groups) {
    const std::string status = read_in_proc(thread, "status", maximum_status);
    if (!is_pid_known) caller.pid = group_of(thread, status);
    if (!is_pid_known && known) known->learn(thread, caller.pid);
    if (with_groups) caller.groups = groups_in(status);
  }
  caller.session = std::max(::getsid(thread), pid_t{0});
  return caller;
}

Labels read_labels(pid_t pid) {
  if (pid <= 0) return {};
  return labels_in(read_in_proc(pid, "environ", maximum_environment));
}

Labels labels_in(std::string_view environment) {
  Labels labels;
  const auto take = [](std::optional<std::string>& label, std::string_view variable, std::string_view entry) {
    if (!label && entry.starts_with(variable)) label.emplace(entry.substr(variable.size()));
  };
  // An entry without its NUL was cut off by the limit.
  for (std::size_t end; (end = environment.find('\0')) != std::string_view::npos; environment.remove_prefix(end + 1)) {
    const std::string_view entry = environment.substr(0, end);
    take(labels.persona, persona_variable, entry);
    take(labels.trace_parent, trace_parent_variable, entry);
  }
  return labels;
}

}  // namespace statusfs
