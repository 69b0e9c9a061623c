// Commands on status files that are not (or need not be) mounted.
#pragma once

#include <optional>
#include <string>

#include "fs/cli/exit_status.hpp"

namespace statusfs {

// Each throws CommandError.
ExitStatus init_command(const std::string& plan_file, const std::optional<std::string>& mapping);  // init_command.cpp
/// `signing_key`, here and below: PEM file that the JSON is signed with, or empty.
ExitStatus adopt_command(const std::string& file, const std::optional<std::string>& mapping_file,
                         const std::string& signing_key);  // adopt_command.cpp
ExitStatus check_command(const std::string& argument,
                         const std::optional<std::string>& mapping_file);  // check_command.cpp
/// What verify looks at besides the file, and how it answers.
struct VerifyOptions {
  bool json = false;       ///< one JSON object a file
  std::string anchor;      ///< a line that `statusfs anchor` printed; empty: none
  std::string public_key;  ///< PEM file; the .sig file, and the anchor's signature, must be of it
};
ExitStatus verify_command(const std::string& argument, const std::optional<std::string>& mapping_file,
                          const VerifyOptions& options = {});  // verify_command.cpp
ExitStatus recover_command(const std::string& argument, const std::optional<std::string>& mapping_file,
                           const std::string& signing_key);  // recover_command.cpp
/// `only_dead`: leaves a mount that is served alone, and finds nothing wrong where there is none.
ExitStatus umount_command(const std::string& mountpoint, bool only_dead);  // umount_command.cpp
/// Mounts a sample in a temporary directory, uses it, and says step by step what works here.
ExitStatus selftest_command();  // selftest_command.cpp
/// Returns when the field, or the status file, changes, or has the value `until`. `timeout` in seconds; without it
/// there is no end.
ExitStatus wait_command(const std::string& argument, const std::optional<std::string>& until,
                        std::optional<double> timeout);  // wait_command.cpp

}  // namespace statusfs
