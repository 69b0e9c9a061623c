// One line that says where a chain stood, to be kept somewhere else: what a chain alone cannot prove, it proves against
// it.
//
//   statusfs-checkpoint-1 FILE_ID V LINES RECORD_HASH PAYLOAD_HASH TIME unsigned
//   statusfs-checkpoint-1 FILE_ID V LINES RECORD_HASH PAYLOAD_HASH TIME ed25519:SIGNATURE
//
// LINES counts all lines of the chain, closed journals included; the rest but FILE_ID is what the last of them bears.
// The file's id is encoded like a name in the tree, with blanks as %20. The signature is of everything before the blank
// in front of it, in 128 hex digits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mapping/chain/journal_record.hpp"

namespace statusfs {

struct Checkpoint {
  std::string file_id;
  std::uint64_t version = 0;
  std::uint64_t lines = 0;
  std::string record_hash;
  std::string payload_hash;
  std::string time;                      ///< of the record
  std::optional<std::string> signature;  ///< 64 bytes
};

/// What is signed: the line up to the blank before its last word.
std::string signed_part(const Checkpoint& checkpoint);
/// The line, without newline.
std::string encode_checkpoint(const Checkpoint& checkpoint);
/// Reads exactly what encode_checkpoint writes. Throws Rejection(invalid) for any other text.
Checkpoint decode_checkpoint(std::string_view line);

/// In what the record, the chain's line of this number, is not what the checkpoint says; nothing where it is.
std::optional<std::string> contradiction(const Checkpoint& checkpoint, const JournalRecord& record);

}  // namespace statusfs
