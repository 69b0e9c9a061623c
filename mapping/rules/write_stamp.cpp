#include "mapping/rules/write_stamp.hpp"

namespace statusfs {

std::optional<Value> value_of_stamp(Stamp stamp, const WriteStamps& stamps) {
  switch (stamp) {
    case Stamp::g:
      return Value(stamps.g);
    case Stamp::persona:
      return Value(stamps.author.persona);
    case Stamp::archetype:
      return Value(stamps.author.archetype);
    case Stamp::trace_id:
      return Value(stamps.author.trace_id);
    case Stamp::none:
    case Stamp::version:
    case Stamp::signature_hash:
    case Stamp::payload_hash_previous:
    case Stamp::payload_hash_current:
      break;
  }
  return std::nullopt;
}

}  // namespace statusfs
