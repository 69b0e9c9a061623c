#include "fs/store/etcd/chain_link.hpp"

#include <stdexcept>

#include "mapping/document/json_patch.hpp"
#include "mapping/document/json_patch_text.hpp"

namespace statusfs {
namespace {

void require(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

bool bears(const StatusDocument& document, Stamp stamp, const Value& value) {
  const Value* found = document.value_of(*document.mapping().stamped(stamp, false));
  return found && *found == value;
}

}  // namespace

CommitEntry next_version(const StatusDocument& document, const ChainHead& head, const std::string& line) {
  const JournalRecord record = decode_record(line);
  const std::string name = "record " + std::to_string(record.version);
  require(record.version == head.version + 1, name + " does not follow on version " + std::to_string(head.version));
  require(record.record_previous == head.record_hash, name + " is not chained to the one before");
  require(record.payload_hash_previous == head.payload_hash_current, name + " has another payload_hash_previous");
  auto next = std::make_shared<const StatusDocument>(
      document.shared_mapping(), apply_json_patch(document.root(), decode_json_patch(record.patch)));
  require(bears(*next, Stamp::payload_hash_current, Value(record.payload_hash_current)) &&
              bears(*next, Stamp::version, Value(static_cast<std::int64_t>(record.version))),
          name + " leads to a document that does not bear its version and hash");
  return {line, head_of(record), std::move(next)};
}

}  // namespace statusfs
