// One line of a journal: what one mutation did, by whom, and its place in the chain.
//
// The format is described in mapping/chain/README.md.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/document/json_patch.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/value.hpp"
#include "mapping/rules/author.hpp"

namespace statusfs {

/// One line, decoded. Members in the order in which they are written.
struct JournalRecord {
  std::uint64_t version = 0;
  std::int64_t g = 0;
  std::string time;  ///< RFC 3339, UTC
  std::string
      op;  ///< begin, init, adopt, set, append, patch, mkdir, rmdir, external, quarantine, reconcile, rollback, ...
  std::string path;  ///< in the tree, from the status directory
  Author author;
  std::optional<IdempotencyMark> idempotency;
  Value patch;             ///< RFC 6902; in the first record it adds the whole document at ""
  std::uint64_t size = 0;  ///< bytes of the JSON file at this version
  std::optional<std::string> payload_hash_previous;
  std::string payload_hash_current;
  std::optional<std::string> record_previous;  ///< record_hash of the line before
  std::string record_hash;                     ///< set by encode_record and decode_record
};

/// The patch of a record that holds a whole document, as the first one does.
Value whole_document_patch(const Value& root);

/// A line that is no record, or whose record_hash is not that of its bytes.
class RecordError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The line, without a newline. Computes record.record_hash.
std::string encode_record(JournalRecord& record);
/// The same with a patch that is JSON text already, in the place of record.patch.
std::string encode_record(JournalRecord& record, std::string_view patch);

/// Checks the record_hash. Throws RecordError.
JournalRecord decode_record(std::string_view line);
JournalRecord decode_record(std::string_view line, JsonParser& parser);  ///< for line after line

/// Whether the record begins a journal that goes on where a closed one ended. It is no mutation: it repeats the last
/// version with the whole document as its patch.
bool is_rotation(const JournalRecord& record) noexcept;
/// The same of a line that is written as encode_record does.
bool is_rotation_line(std::string_view line) noexcept;
inline constexpr std::string_view rotation_op = "rotate";

/// The v of a line, read from its beginning without decoding it; nothing where it does not begin like a record.
std::optional<std::uint64_t> version_of_line(std::string_view line) noexcept;

/// What lists show of a version.
struct RecordOutline {
  std::uint64_t version = 0;
  std::string_view time;   ///< points into the line
  std::uint64_t size = 0;  ///< bytes of the JSON file
};
/// The same from a line's two ends, its patch and its hash not looked at; nothing where it is not written as
/// encode_record does.
std::optional<RecordOutline> outline_of_line(std::string_view line) noexcept;

/// The document that a chain or a journal begins with, by a line whose record_hash is right, without one member, which
/// may be left unread. Nothing where the line is another one, or is not written as encode_record does. Throws
/// RecordError.
std::optional<Value> first_document_without(std::string_view line, std::string_view member);

/// The patch of a line whose record_hash is right, without what it costs to decode all of it. Throws RecordError.
std::vector<PatchOperation> patch_of_line(std::string_view line, JsonParser& parser);

/// The members of the line that say where the chain stands.
struct ChainHead {
  std::uint64_t version = 0;
  std::int64_t g = 0;
  std::uint64_t size = 0;  ///< bytes of the JSON file
  std::string payload_hash_current;
  std::string record_hash;
  std::string time;
  friend bool operator==(const ChainHead&, const ChainHead&) = default;
};
ChainHead head_of(const JournalRecord& record);
/// The same of a line whose record_hash is right, without what it costs to decode its patch. Throws RecordError.
ChainHead head_of_line(std::string_view line);
/// The same from parts of a line at its two ends, its hash not looked at; nothing where they do not tell, or where the
/// line is not written as encode_record does. Whether both are of one line is for the caller to find out.
std::optional<ChainHead> head_of_ends(std::string_view first, std::string_view last);

}  // namespace statusfs
