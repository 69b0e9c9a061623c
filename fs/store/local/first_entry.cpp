#include "fs/store/local/first_entry.hpp"

#include <unistd.h>

#include <chrono>

#include "fs/identity/trace_context.hpp"
#include "fs/store/timestamp.hpp"
#include "mapping/chain/hashes.hpp"
#include "mapping/document/text.hpp"
#include "mapping/tree/stamped_value.hpp"
#include "mapping/tree/template.hpp"

namespace statusfs {
namespace {

std::optional<std::string> text_of(const Value* value) {
  if (!value || !value->is_string()) return std::nullopt;
  return std::string(value->as_string());
}

}  // namespace

std::string hindrance_to_begin(const StatusDocument& document) {
  if (std::string hindrance = hindrance_of_schema(document); !hindrance.empty()) return hindrance;
  const std::string remedy = "; statusfs adopt starts its chain with what it says now";
  if (!has_any_hash(document)) return "it bears no hashes yet" + remedy;
  if (!text_of(stamped_value(document.mapping(), document.root(), Stamp::payload_hash_current)))
    return "it bears no payload hash" + remedy;
  const auto findings = verify_hashes(document, 1);
  if (!findings.empty()) return findings.front().pointer + ": " + findings.front().message + remedy;
  if (!version_of(document.mapping(), document.root())) return "it bears no version" + remedy;
  return {};
}

CommitEntry first_entry(const std::shared_ptr<const StatusDocument>& document) {
  const auto stamped = [&](Stamp stamp) { return stamped_value(document->mapping(), document->root(), stamp); };
  JournalRecord record;
  record.version = *version_of(document->mapping(), document->root());
  if (const Value* g = stamped(Stamp::g); g && g->is_integer()) record.g = g->as_integer();
  record.time = format_timestamp(std::chrono::system_clock::now());
  record.op = "begin";
  record.author = {"STATUSFS", "", ::getuid(), ::getpid(), new_trace_id()};
  record.patch = whole_document_patch(document->root());
  record.size = indented_document(document->root()).size();
  record.payload_hash_previous = text_of(stamped(Stamp::payload_hash_previous));
  record.payload_hash_current = *text_of(stamped(Stamp::payload_hash_current));
  CommitEntry entry;
  entry.record = encode_record(record);
  entry.head = head_of(record);
  entry.document = document;
  return entry;
}

}  // namespace statusfs
