// Reads a mapping from YAML and checks it completely.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "mapping/schema/mapping.hpp"
#include "mapping/schema/mapping_error.hpp"

namespace statusfs {

/// `origin` names the text in messages. Throws MappingError; never any other exception for bad text.
std::shared_ptr<const Mapping> load_mapping(std::string_view text, const std::string& origin);

/// The mapping that is compiled in.
std::shared_ptr<const Mapping> default_mapping();

}  // namespace statusfs
