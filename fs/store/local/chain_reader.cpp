#include "fs/store/local/chain_reader.hpp"

#include <limits>

#include "fs/store/local/closed_journals.hpp"
#include "mapping/chain/journal_record.hpp"

namespace statusfs {
namespace {

// False when the visitor wants no more.
bool read_lines(std::string_view text, std::uint64_t after_version, const LineVisitor& visit) {
  while (true) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return true;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    // A line that does not begin like a record is for the visitor to judge.
    const bool is_wanted = version_of_line(line).value_or(std::numeric_limits<std::uint64_t>::max()) > after_version;
    if (is_wanted && !visit(line)) return false;
  }
}

}  // namespace

void read_chain(const std::string& path, std::string_view live, std::uint64_t after_version, const LineVisitor& visit) {
  const std::uint64_t first = version_of_line(live.substr(0, live.find('\n'))).value_or(0);
  for (const ClosedJournal& journal : closed_journals(path, first))
    if (journal.last > after_version && !read_lines(read_closed_journal(journal), after_version, visit)) return;
  read_lines(live, after_version, visit);
}

}  // namespace statusfs
