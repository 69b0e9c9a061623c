// Anchors and journals that were changed must never verify.
#include "mapping/chain/checkpoint.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "mapping/chain/replay.hpp"
#include "mapping/document/json_patch_text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/schema/mapping_loader.hpp"

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

bool is_record(const std::string& line) {
  try {
    decode_record(line);
    return true;
  } catch (const RecordError&) {
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

TEST(CheckpointTest, NoChangedRecordIsAccepted) {
  JournalRecord record = checkpoint_record();
  const std::string line = encode_record(record);
  ASSERT_TRUE(is_record(line));
  std::mt19937 random(2);
  for (int round = 0; round < mutations; ++round) {
    std::string changed = line;
    changed[random() % changed.size()] ^= static_cast<char>(1 << random() % 8);
    ASSERT_FALSE(is_record(changed)) << changed;
  }
}

// Lines that are each right, in another order, twice, or not at all.
TEST(CheckpointTest, NoOtherOrderOfLinesIsAccepted) {
  std::vector<std::string> lines;
  JournalRecord record = checkpoint_record();
  record.payload_hash_previous.reset();
  record.record_previous.reset();
  for (int count = 0; count < 8; ++count) {
    record.patch = encode_json_patch({{PatchOperation::Kind::add, Pointer(), {}, Value(std::int64_t{count})}});
    lines.push_back(encode_record(record));
    record.record_previous = record.record_hash;
    record.payload_hash_previous = record.payload_hash_current;
    ++record.version;
  }
  const auto is_chain = [](const std::vector<std::string>& chain, std::size_t whole) {
    Replay replay(default_mapping(), ReplayDepth::chained);
    try {
      for (const std::string& line : chain) replay.apply(line);
      return replay.lines() == whole;
    } catch (const TamperError&) {
      return false;
    }
  };
  ASSERT_TRUE(is_chain(lines, lines.size()));
  std::mt19937 random(3);
  for (int round = 0; round < mutations / 10; ++round) {
    std::vector<std::string> changed = lines;
    const std::size_t one = random() % changed.size(), other = random() % changed.size();
    switch (random() % 3) {
      case 0:
        std::swap(changed[one], changed[other]);
        break;
      case 1:
        changed[one] = changed[other];
        break;
      default:
        changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(one));
        break;
    }
    if (changed == lines) continue;
    ASSERT_FALSE(is_chain(changed, lines.size())) << round;
  }
}

}  // namespace
}  // namespace statusfs
