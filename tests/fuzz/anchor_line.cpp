// Any bytes as an anchor line: what is read is written again byte for byte, and what is written is read.
#include "mapping/chain/checkpoint.hpp"
#include "mapping/rejection.hpp"
#include "mapping/tree/names.hpp"
#include "tests/fuzz/property.hpp"

namespace statusfs::fuzz {
namespace {

void check_line(std::string_view line) {
  try {
    const Checkpoint checkpoint = decode_checkpoint(line);
    const std::string_view whole = line.substr(0, line.size() - (line.ends_with('\n') ? 1 : 0));
    require(encode_checkpoint(checkpoint) == whole, "a line that was read is written again byte for byte");
    require(whole.starts_with(signed_part(checkpoint) + " "), "what is signed is the beginning of the line");
    require(!checkpoint.signature || checkpoint.signature->size() == 64, "a signature has 64 bytes");
    JournalRecord record;
    record.version = checkpoint.version;
    record.record_hash = checkpoint.record_hash;
    record.payload_hash_current = checkpoint.payload_hash;
    record.time = checkpoint.time;
    require(!contradiction(checkpoint, record), "a record that says the same does not contradict");
    ++record.version;
    require(contradiction(checkpoint, record).has_value(), "another version contradicts");
  } catch (const Rejection& refusal) {
    require(refusal.cause() == Cause::invalid, "a line that is none is invalid");
  }
}

/// A line made of the input: whatever the file's id, it can be read.
void check_id(std::string_view id) {
  Checkpoint checkpoint;
  checkpoint.file_id = std::string(id);
  checkpoint.version = id.size();
  checkpoint.lines = id.size() + 1;
  checkpoint.record_hash = std::string(64, 'a');
  checkpoint.payload_hash = "sha256:" + std::string(64, 'b');
  checkpoint.time = "2025-06-09T12:00:00.000000Z";
  const std::string line = encode_checkpoint(checkpoint);
  require(line.find('\n') == std::string::npos, "a line is one line");
  const Checkpoint again = decode_checkpoint(line);
  require(encode_checkpoint(again) == line, "what was written is read");
  require(again.file_id == id, "the id is kept");
}

void check(std::string_view input) {
  check_line(input);
  check_id(input);
}

}  // namespace
}  // namespace statusfs::fuzz

STATUSFS_FUZZ_TARGET(statusfs::fuzz::check)
