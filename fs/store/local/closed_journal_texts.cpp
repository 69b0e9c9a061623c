#include "fs/store/local/closed_journal_texts.hpp"

#include <algorithm>
#include <stdexcept>

namespace statusfs {
namespace {

// Some six journals of the length at which they are closed: three files, or one with 20,000 versions.
constexpr std::size_t most_bytes = 32 * 1024 * 1024;

}  // namespace

std::shared_ptr<const std::string> ClosedJournalTexts::find(const std::string& path, const FileStatus& status) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(entries_, path, &Entry::path);
  if (found == entries_.end() || !found->status.is_same_content(status)) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return entries_.front().text;
}

void ClosedJournalTexts::remember(Entry entry) {
  const std::lock_guard lock(mutex_);
  ++inflated_;
  const auto known = std::ranges::find(entries_, entry.path, &Entry::path);
  if (known != entries_.end()) {
    bytes_ -= known->text->size();
    entries_.erase(known);
  }
  bytes_ += entry.text->size();
  entries_.push_front(std::move(entry));
  while (bytes_ > most_bytes && entries_.size() > 1) {
    bytes_ -= entries_.back().text->size();
    entries_.pop_back();
  }
}

std::shared_ptr<const std::string> ClosedJournalTexts::text(const ClosedJournal& journal) {
  const auto status = files_.status(journal.path);
  if (!status) throw std::runtime_error(journal.path + " is missing");
  if (auto known = find(journal.path, *status)) return known;
  auto text = std::make_shared<const std::string>(read_closed_journal(files_, journal));
  remember({journal.path, *status, text});
  return text;
}

std::uint64_t ClosedJournalTexts::inflated() const {
  const std::lock_guard lock(mutex_);
  return inflated_;
}

}  // namespace statusfs
