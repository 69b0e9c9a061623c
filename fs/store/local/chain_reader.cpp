#include "fs/store/local/chain_reader.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <vector>

#include "fs/store/local/closed_journal_texts.hpp"
#include "fs/store/local/closed_journals.hpp"
#include "fs/store/local/last_newline.hpp"
#include "mapping/chain/journal_record.hpp"

namespace statusfs {
namespace {

// False when the visitor wants no more.
bool read_lines(std::string_view text, std::uint64_t after_version, const LineVisitor& visit, LinePlace* place) {
  while (true) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return true;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (place) place->next();
    // A line that does not begin like a record is for the visitor to judge.
    const bool is_wanted = version_of_line(line).value_or(std::numeric_limits<std::uint64_t>::max()) > after_version;
    if (is_wanted && !visit(line)) return false;
  }
}

std::shared_ptr<const std::string> text_of(Files& files, const ClosedJournal& journal, ClosedJournalTexts* texts) {
  return texts ? texts->text(journal) : std::make_shared<const std::string>(read_closed_journal(files, journal));
}

std::string name_beside(const ClosedJournal& journal, const std::string& path) {
  return name_of_path(closed_journal_directory(path)) + "/" + name_of_path(journal.path);
}

}  // namespace

std::uint64_t first_version_of_chain(Files& files, const std::string& path, File& live) {
  std::array<char, 64> beginning{};
  return first_version_of_chain(files, path, std::string_view(beginning.data(), live.read_at(beginning, 0)));
}

std::uint64_t first_version_of_chain(Files& files, const std::string& path, std::string_view live) {
  const auto first = version_of_line(live);
  if (!first) throw std::runtime_error("the journal of " + path + " does not begin with a record");
  const std::vector<ClosedJournal> closed = closed_journals(files, path, *first);
  return closed.empty() ? *first : closed.front().first;
}

void read_chain(Files& files, const std::string& path, std::string_view live, std::uint64_t after_version,
                const LineVisitor& visit, ClosedJournalTexts* closed, LinePlace* place) {
  const std::uint64_t first = version_of_line(live.substr(0, live.find('\n'))).value_or(0);
  for (const ClosedJournal& journal : closed_journals(files, path, first)) {
    if (journal.last <= after_version) continue;
    const auto text = text_of(files, journal, closed);
    if (place) place->begin(name_beside(journal, path));
    if (!read_lines(*text, after_version, visit, place)) return;
  }
  if (place) place->begin(name_of_path(journal_of(path)));
  read_lines(live, after_version, visit, place);
}

void read_journal_of(Files& files, const std::string& path, std::string_view live, std::uint64_t version,
                     const LineVisitor& visit, ClosedJournalTexts* closed, LinePlace* place) {
  const std::uint64_t first = version_of_line(live.substr(0, live.find('\n'))).value_or(0);
  if (first <= version) {
    if (place) place->begin(name_of_path(journal_of(path)));
    read_lines(live, 0, visit, place);
    return;
  }
  const std::vector<ClosedJournal> journals = closed_journals(files, path, first);
  const auto found =
      std::find_if(journals.rbegin(), journals.rend(), [&](const ClosedJournal& one) { return one.first <= version; });
  if (found == journals.rend()) return;
  const auto text = text_of(files, *found, closed);
  if (place) place->begin(name_beside(*found, path));
  read_lines(*text, 0, visit, place);
}

namespace {

// False when the visitor wants no more.
bool visit_lines_backwards(std::string_view text, const LineVisitor& visit) {
  while (!text.empty()) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    const std::size_t newline = last_newline(text);
    const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
    if (!visit(text.substr(start))) return false;
    text = text.substr(0, start);
  }
  return true;
}

}  // namespace

void visit_closed_backwards(Files& files, const std::string& path, std::uint64_t first_of_live,
                            const LineVisitor& visit) {
  const std::vector<ClosedJournal> journals = closed_journals(files, path, first_of_live);
  for (auto journal = journals.rbegin(); journal != journals.rend(); ++journal)
    if (!visit_lines_backwards(read_closed_journal(files, *journal), visit)) return;
}

}  // namespace statusfs
