// What a status file's JSON is, seen from its journal.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "fs/store/local/journal_file.hpp"
#include "mapping/chain/journal_record.hpp"
#include "mapping/tree/status_document.hpp"

namespace statusfs {

enum class JsonState {
  head,     ///< says what the journal's last version says, however it is formatted
  earlier,  ///< says what an earlier version said
  missing,
  torn,     ///< the beginning of a JSON text
  foreign,  ///< anything else
};

/// A JSON text, read. `root` is absent when it does not parse, or there is no text.
struct JsonText {
  explicit JsonText(const std::optional<std::string>& text);
  std::optional<Value> root;
  std::uint64_t size = 0;
  bool is_missing = false;
  bool is_torn = false;
};

struct Comparison {
  JsonState json = JsonState::foreign;
  ChainHead head;
  std::shared_ptr<const StatusDocument> document;  ///< the journal's head
};

/// Compares by the hashes that the JSON bears where that is enough, and replays the whole journal elsewhere. Throws
/// TamperError where the journal is not what it was when it was written, and Rejection where its head cannot be shown.
Comparison compare(const std::shared_ptr<const Mapping>& mapping, JournalFile& journal, const JsonText& json);

}  // namespace statusfs
