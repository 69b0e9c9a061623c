// etcd://HOST:PORT[,HOST:PORT...]/PREFIX, as the command line names a place in etcd.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace statusfs {

struct EtcdAddress {
  std::vector<std::string> endpoints;  ///< HOST:PORT
  std::string prefix;                  ///< of all keys, without a slash at its end; begins with one

  static bool is_one(std::string_view text) { return text.starts_with("etcd://"); }
  /// Throws std::runtime_error with what would be accepted.
  static EtcdAddress of(std::string_view text);
};

}  // namespace statusfs
