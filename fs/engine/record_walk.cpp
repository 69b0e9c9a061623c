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

}  // namespace statusfs
