// Anchors that were changed must never be taken.
#include "mapping/chain/checkpoint.hpp"

#include <gtest/gtest.h>

#include <random>

#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

constexpr int mutations = 100'000;

JournalRecord checkpoint_record() {
  JournalRecord record;
  record.version = 24;
  record.g = 105;
  record.time = "2026-01-02T03:04:05.000006Z";
  record.op = "set";
  record.path = "tasks/t1/status";
  record.author = {"agent", "BUILDER", 1000, 77, std::string(32, 'a')};
  record.patch = Value::array();
  record.size = 4711;
  record.payload_hash_previous = "sha256:" + std::string(64, '1');
  record.payload_hash_current = "sha256:" + std::string(64, '2');
  record.record_previous = std::string(64, '3');
  return record;
}

Checkpoint checkpoint_of(const JournalRecord& record) {
  return {"exec_status_125",           record.version, 9,           record.record_hash,
          record.payload_hash_current, record.time,    std::nullopt};
}

bool is_accepted(const std::string& line, const Checkpoint& original, const JournalRecord& record) {
  try {
    const Checkpoint read = decode_checkpoint(line);
    return read.file_id == original.file_id && read.lines == original.lines && !contradiction(read, record) &&
           !read.signature;
  } catch (const Rejection&) {
    return false;
  }
}

TEST(CheckpointTest, IsReadAsItWasWritten) {
  JournalRecord record = checkpoint_record();
  encode_record(record);
  Checkpoint checkpoint = checkpoint_of(record);
  EXPECT_EQ(encode_checkpoint(decode_checkpoint(encode_checkpoint(checkpoint))), encode_checkpoint(checkpoint));
  checkpoint.signature = std::string(64, '\x9c');
  checkpoint.file_id = "a b%c";
  const Checkpoint read = decode_checkpoint(encode_checkpoint(checkpoint) + "\n");
  EXPECT_EQ(read.file_id, "a b%c");
  EXPECT_EQ(read.signature, checkpoint.signature);
  EXPECT_FALSE(contradiction(read, record));
}

// Nothing would be compared with line 0, so that an anchor of it would fit any journal.
TEST(CheckpointTest, LinesAreCountedFromOne) {
  JournalRecord record = checkpoint_record();
  encode_record(record);
  Checkpoint checkpoint = checkpoint_of(record);
  checkpoint.lines = 0;
  EXPECT_THROW(decode_checkpoint(encode_checkpoint(checkpoint)), Rejection);
  checkpoint.lines = 1;
  EXPECT_NO_THROW(decode_checkpoint(encode_checkpoint(checkpoint)));
}

TEST(CheckpointTest, NoChangedBitIsAccepted) {
  JournalRecord record = checkpoint_record();
  encode_record(record);
  const Checkpoint checkpoint = checkpoint_of(record);
  const std::string line = encode_checkpoint(checkpoint);
  ASSERT_TRUE(is_accepted(line, checkpoint, record));
  std::mt19937 random(1);
  for (int round = 0; round < mutations; ++round) {
    std::string changed = line;
    changed[random() % changed.size()] ^= static_cast<char>(1 << random() % 8);
    ASSERT_FALSE(is_accepted(changed, checkpoint, record)) << changed;
  }
}

}  // namespace
}  // namespace statusfs
