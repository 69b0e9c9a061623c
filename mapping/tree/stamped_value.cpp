#include "mapping/tree/stamped_value.hpp"

namespace statusfs {

const Value* stamped_value(const Mapping& mapping, const Value& root, Stamp stamp) noexcept {
  const Field* field = mapping.stamped(stamp, false);
  return field ? find(root, field->pointer) : nullptr;
}

std::optional<std::uint64_t> version_of(const Mapping& mapping, const Value& root) noexcept {
  const Value* version = stamped_value(mapping, root, Stamp::version);
  if (!version || !version->is_integer() || version->as_integer() < 0) return std::nullopt;
  return static_cast<std::uint64_t>(version->as_integer());
}

}  // namespace statusfs
