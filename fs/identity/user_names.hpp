// Names of users, remembered.
#pragma once

#include <sys/types.h>

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace statusfs {

/// Thread safety: any thread. A name once found is kept, until there are so many that all are forgotten.
class UserNames {
 public:
  /// The user's name, or its number where it has none that can stand as a persona.
  std::string name_of(uid_t uid) const;

 private:
  std::optional<std::string> remembered(uid_t uid) const;

  /// Guards names_. Never held while the user database is asked, which may take seconds (LDAP); no other lock is taken
  /// while it is held.
  mutable std::mutex mutex_;
  mutable std::unordered_map<uid_t, std::string> names_;
};

// One question to the user database each, not remembered. Nothing where there is no such user or group; throw
// std::system_error where the database does not answer.
std::optional<std::string> find_user_name(uid_t uid);
std::optional<uid_t> find_user(const std::string& name);
std::optional<gid_t> find_group(const std::string& name);
/// All groups that the database gives the user, his own one among them; none where there is no such user.
std::vector<gid_t> find_groups_of(uid_t uid);

}  // namespace statusfs
