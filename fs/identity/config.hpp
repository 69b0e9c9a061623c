// The configuration file of a mount (-o config=FILE): YAML.
//
//     writers:            # the first row that matches counts; without it the mounting user has the first archetype
//       - {user: ci-agent, persona: CODING_ASSISTANT, archetype: BUILDER}
//       - {uid: 1002, archetype: BUILDER}
//       - {group: supervisors, archetype: SUPERVISOR}    # also by number, where no group has that name
//     default: {archetype: AUDITOR}                      # whom no row names; AUDITOR without this key
//     external: quarantine                               # or adopt: changes that other programs make
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "fs/identity/writers.hpp"

namespace statusfs {

enum class ExternalChanges { quarantine, adopt };

struct Config {
  std::shared_ptr<const Writers> writers;  ///< never nullptr
  ExternalChanges external = ExternalChanges::quarantine;
};

/// A configuration that cannot be used. what() is "FILE:LINE: what is wrong"; without the line where the whole file is
/// at fault.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What holds without a configuration file: the mounting user is `authority`, the mapping's first archetype.
Config default_config(const std::string& authority, uid_t mounting_user);

/// Reads the file. Throws ConfigError for whatever is not understood completely: unknown and repeated keys, users
/// and groups that do not exist, archetypes that are not among those given, of which the first is the authority.
Config load_config(const std::filesystem::path& file, const std::vector<std::string>& archetypes, uid_t mounting_user);

}  // namespace statusfs
