// How a LocalStore reads the records of its chain, in the journal and in those that were closed.
#include <stdexcept>

#include "fs/store/local/chain_reader.hpp"
#include "fs/store/local/closed_journals.hpp"
#include "fs/store/local/local_store.hpp"
#include "fs/store/local/side_file.hpp"

namespace statusfs {

void LocalStore::visit_records_backwards(const std::function<bool(std::string_view line)>& visit) {
  if (!journal_) return;
  BackwardReader reader = journal_->read_backwards();
  std::string first_line;
  while (const auto line = reader.next()) {
    if (!visit(*line)) return;
    first_line = *line;
  }
  if (!first_line.empty()) visit_closed_backwards(files_, path_, decode_record(first_line).version, visit);
}

std::uint64_t LocalStore::record_count() {
  const auto first = journal_ ? journal_->first_version() : std::nullopt;
  if (!first || *first > head_.version) return 0;
  return line_count(closed_journals(files_, path_, *first)) + head_.version - *first + 1;
}

std::uint64_t LocalStore::first_version() {
  const auto file = files_.open(journal_path_, Files::Open::read);
  if (!file) throw std::runtime_error(journal_path_ + " is missing");
  return first_version_of_chain(files_, path_, *file);
}

void LocalStore::read_records(std::uint64_t after_version, const std::function<bool(std::string_view)>& visit) {
  const auto file = files_.open(journal_path_, Files::Open::read);
  if (!file) throw std::runtime_error(journal_path_ + " is missing");
  read_chain(files_, path_, read_all(*file), after_version, visit, options_.closed_texts.get());
}

void LocalStore::read_records_from_whole(std::uint64_t version, const std::function<bool(std::string_view)>& visit) {
  const auto file = files_.open(journal_path_, Files::Open::read);
  if (!file) throw std::runtime_error(journal_path_ + " is missing");
  read_journal_of(files_, path_, read_all(*file), version, visit, options_.closed_texts.get());
}

}  // namespace statusfs
