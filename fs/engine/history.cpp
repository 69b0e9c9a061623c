#include "fs/engine/history.hpp"

#include "mapping/document/text.hpp"

namespace statusfs {
namespace {

// Nothing of a file without a chain.
std::uint64_t last_version(const FileState& state) { return state.chained ? state.head.version : 0; }

}  // namespace

History::Range History::range(const FileState& state) { return index_.range(last_version(state)); }

History::Attributes History::attributes(const FileState& state, std::uint64_t version) {
  return index_.attributes(version, last_version(state));
}

void History::read_attributes(const FileState& state) { index_.read_all(last_version(state)); }

std::string History::text(std::uint64_t version) { return indented_document(documents_.document(version)); }

std::string History::log(const FileState& state) { return log_.text(last_version(state)); }

std::uint64_t History::log_size(const FileState& state) { return log_.size(last_version(state)); }

bool History::try_forget() {
  if (!index_.try_forget() || !log_.try_forget()) return false;
  documents_.forget();
  return true;
}

std::string head_text(const ChainHead& head) {
  return compact(Value::object()
                     .with_member("v", Value(static_cast<std::int64_t>(head.version)))
                     .with_member("g", Value(head.g))
                     .with_member("time", Value(head.time))
                     .with_member("size", Value(static_cast<std::int64_t>(head.size)))
                     .with_member("payload_hash_current", Value(head.payload_hash_current))
                     .with_member("record_hash", Value(head.record_hash))) +
         "\n";
}

}  // namespace statusfs
