// How a place in etcd that the command line names is reached: members, certificates, user and password.
#pragma once

#include <optional>
#include <string>

#include "fs/store/etcd/etcd_address.hpp"
#include "fs/store/etcd/etcd_client.hpp"

namespace statusfs {

/// The environment variable that may hold the password. It is taken out of the environment when it was read.
inline constexpr const char* password_variable = "STATUSFS_ETCD_PASSWORD";

/// -o options that belong to etcd.
struct EtcdSettings {
  std::optional<std::string> cacert, cert, key, user, password_file, host;
  /// Whether there is any that only etcd can mean. user=NAME is also how mount(8) tells its helpers who mounted.
  bool any() const { return cacert || cert || key || password_file || host; }
};

/// Throws CommandError(unusable) where the text is no place in etcd.
EtcdAddress etcd_address(const std::string& text);

/// Throws CommandError(usage) where an option lacks the one that it belongs to, and CommandError(unusable) where a file
/// cannot be read, or there is no password for the user, or a password file that others may read.
EtcdAccess etcd_access(const EtcdAddress& address, const EtcdSettings& settings);

/// The name of this host: -o host=, else that of the machine.
std::string host_name(const EtcdSettings& settings);

}  // namespace statusfs
