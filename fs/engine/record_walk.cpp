#include "fs/engine/record_walk.hpp"

#include "mapping/chain/replay.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {

void walk_records(Store& store, const std::shared_ptr<const Mapping>& mapping, const RecordVisitor& visit) {
  Replay replay(mapping, ReplayDepth::chained);
  try {
    store.read_records(0, [&](std::string_view line) {
      const Value before = replay.lines() > 0 ? replay.root() : Value();
      replay.apply(line);
      return is_rotation(replay.last()) || visit(replay.last(), before, replay.root());
    });
  } catch (const Rejection&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw Rejection(Cause::io_failure, error.what());
  }
}

Value document_at(Store& store, const std::shared_ptr<const Mapping>& mapping, std::uint64_t version) {
  std::optional<Value> found;
  walk_records(store, mapping, [&](const JournalRecord& record, const Value&, const Value& after) {
    if (record.version == version) found = after;
    return record.version < version;
  });
  if (!found) throw Rejection(Cause::not_found, "there is no version " + std::to_string(version));
  return *found;
}

}  // namespace statusfs
