// The quick way to read JSON text that is as it should be.
#pragma once

#include <optional>
#include <string_view>

#include "mapping/document/value.hpp"

namespace statusfs {

/// What parse_json() returns for the text, or nothing where it refuses the text or this reader is not certain of it.
/// Text with \u escapes and other rarities is left to parse_json().
std::optional<Value> parse_plain_json(std::string_view text);

}  // namespace statusfs
