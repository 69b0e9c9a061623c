// The options of a mount (-o), declared once: parsing, --help and the man page follow this list.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fs/cli/etcd_access.hpp"
#include "fs/cli/exit_status.hpp"

namespace statusfs {

/// One option of statusfs itself.
struct MountOption {
  std::string_view name;
  std::string_view value;  ///< what its value is called in the help; empty where it takes none
  std::string_view help;
  bool is_of_etcd = false;
};

std::span<const MountOption> mount_options();

struct MountSettings {
  bool read_only = false;
  bool allow_other = false;
  bool default_permissions = false;
  bool adopt = false;
  bool history = true;
  std::optional<mode_t> umask;
  std::optional<unsigned> max_threads;
  std::optional<std::uint64_t> cache;  ///< bytes
  std::optional<std::string> mapping, config, state, signing_key, anchor_log;
  EtcdSettings etcd;
  std::vector<std::string> kernel_options;
};

/// An option that is not accepted; what() says what would be.
class OptionError : public CommandError {
 public:
  explicit OptionError(const std::string& message) : CommandError(ExitStatus::usage, message) {}
};

/// Reads the arguments of all -o, each a list with commas.
MountSettings read_mount_options(const std::vector<std::string>& lists);
/// The same for commands that reach etcd without mounting: they take its options and no other.
EtcdSettings read_etcd_options(const std::vector<std::string>& lists);

}  // namespace statusfs
