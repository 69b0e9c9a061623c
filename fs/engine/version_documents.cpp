#include "fs/engine/version_documents.hpp"

#include <iterator>
#include <utility>

#include "fs/engine/version_lines.hpp"
#include "mapping/document/json_patch.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

constexpr std::uint64_t distance = 64;        // versions between remembered documents
constexpr std::size_t most_remembered = 160;  // 10,000 versions and some

std::vector<PatchOperation> patch_of(std::string_view line, JsonParser& parser) {
  try {
    return patch_of_line(line, parser);
  } catch (const RecordError& error) {
    throw Rejection(Cause::io_failure, std::string("the history cannot be read: ") + error.what());
  }
}

}  // namespace

std::optional<VersionDocuments::Remembered> VersionDocuments::nearest(std::uint64_t version) {
  const std::lock_guard lock(mutex_);
  const auto above = remembered_.upper_bound(version);
  if (above == remembered_.begin()) return std::nullopt;
  const auto found = std::prev(above);
  return Remembered{found->first, found->second};
}

// Where there are too many, every second one goes: the distance between them doubles.
void VersionDocuments::remember(std::uint64_t version, const Value& document) {
  const std::lock_guard lock(mutex_);
  remembered_.insert_or_assign(version, document);
  if (remembered_.size() <= most_remembered) return;
  bool is_odd = false;
  std::erase_if(remembered_, [&](const auto& entry) { return entry.first != version && (is_odd = !is_odd); });
}

void VersionDocuments::offer(std::uint64_t version, const Value& document) {
  if (version % distance == 0) remember(version, document);
}

Value VersionDocuments::document(std::uint64_t version) {
  const auto start = nearest(version);
  if (start && start->version == version) return start->document;
  Value document = start ? start->document : Value();
  JsonParser parser;
  const auto step = [&](std::string_view line) {
    const std::uint64_t of_line = version_of_line(line).value_or(0);
    if (start && of_line <= start->version) return;  // the remembered one lies in this journal, and is nearer
    document = apply_json_patch(std::move(document), patch_of(line, parser));
    ++patches_applied_;
    offer(of_line, document);
  };
  read_from_whole(store_, version, step);
  return document;
}

void VersionDocuments::forget() {
  const std::lock_guard lock(mutex_);
  remembered_.clear();
}

}  // namespace statusfs
