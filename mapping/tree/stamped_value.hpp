// What the driver stamped into a file, outside of its tasks.
#pragma once

#include <cstdint>
#include <optional>

#include "mapping/document/value.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

/// The value of the first row that bears the stamp; nullptr where the file has none.
const Value* stamped_value(const Mapping& mapping, const Value& root, Stamp stamp) noexcept;

/// The version that a file says it is; nothing where it says none.
std::optional<std::uint64_t> version_of(const Mapping& mapping, const Value& root) noexcept;

}  // namespace statusfs
