// The mapping and configuration that a command works with.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "fs/identity/config.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

/// The file's mapping, or the one that is compiled in. Throws CommandError(unusable).
std::shared_ptr<const Mapping> load_mapping_file(const std::optional<std::string>& file);

/// The configuration file that holds: the one given, /etc/statusfs.yaml where it exists, or none.
std::optional<std::string> config_file(const std::optional<std::string>& given);

/// The whole content of a file. Throws CommandError(unusable).
std::string read_text_file(const std::string& path);

}  // namespace statusfs
