// How a LocalStore reads the records of its chain, in the journal and in those that were closed.
#include <memory>
#include <stdexcept>

#include "fs/store/local/chain_reader.hpp"
#include "fs/store/local/closed_journals.hpp"
#include "fs/store/local/local_store.hpp"
#include "fs/store/local/side_file.hpp"

namespace statusfs {
namespace {

/// Opened anew for each reading: the commit thread has its own, and may replace it.
std::unique_ptr<File> live_journal(Files& files, const std::string& path) {
  auto file = files.open(path, Files::Open::read);
  if (!file) throw std::runtime_error(path + " is missing");
  return file;
}

}  // namespace

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
  return first_version_of_chain(files_, path_, *live_journal(files_, journal_path_));
}

void LocalStore::read_records(std::uint64_t after_version, const std::function<bool(std::string_view)>& visit) {
  read_chain(files_, path_, read_all(*live_journal(files_, journal_path_)), after_version, visit,
             options_.closed_texts.get());
}

void LocalStore::read_records_from_whole(std::uint64_t version, const std::function<bool(std::string_view)>& visit) {
  read_journal_of(files_, path_, read_all(*live_journal(files_, journal_path_)), version, visit,
                  options_.closed_texts.get());
}

}  // namespace statusfs
