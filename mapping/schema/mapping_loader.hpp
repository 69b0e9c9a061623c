// Reads a mapping from YAML and checks it completely.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "mapping/schema/mapping.hpp"

namespace statusfs {

/// what() is "FILE:LINE: what is wrong and what would be accepted".
class MappingError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// `origin` names the text in messages. Throws MappingError; never any other exception for bad text.
std::shared_ptr<const Mapping> load_mapping(std::string_view text, const std::string& origin);

/// The mapping that is compiled in.
std::shared_ptr<const Mapping> default_mapping();

}  // namespace statusfs
