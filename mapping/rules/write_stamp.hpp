// What the driver stamps into the places that a write touches.
#pragma once

#include <cstdint>
#include <optional>

#include "mapping/document/value.hpp"
#include "mapping/rules/author.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

/// Of one write.
struct WriteStamps {
  std::int64_t g = 0;
  const Author& author;
};

/// The value of a stamp that says who wrote what, when and why; nothing for those of the whole file and for hashes.
std::optional<Value> value_of_stamp(Stamp stamp, const WriteStamps& stamps);

}  // namespace statusfs
