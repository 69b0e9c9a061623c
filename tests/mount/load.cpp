#include "tests/mount/load.hpp"

#include <cerrno>
#include <stdexcept>

namespace statusfs::test {

WriteAttempt attempt_of(const std::string& value, int error) {
  const bool is_unknown = error == EIO || error == ENOTCONN || error == ECONNABORTED;
  return {value, error == 0, error != 0 && !is_unknown};
}

std::vector<Change> checked_changes(const Path& status_file, const std::vector<std::string>& pointers) {
  Arguments command = {"python3", tool("journal_check.py"), status_file.string()};
  command.insert(command.end(), pointers.begin(), pointers.end());
  CommandOptions options;
  options.time_limit = std::chrono::seconds{240};
  const CommandResult result = run_command(command, options);
  if (result.exit_status != 0) throw std::runtime_error("the chain is broken: " + result.error);
  std::vector<Change> changes;
  for (const std::string& line : lines_of(result.output)) {
    const Json change = Json::parse(line);
    changes.push_back({change["v"], change["pointer"], change["value"]});
  }
  return changes;
}

std::map<std::string, std::vector<std::string>> checked_texts(const Path& status_file,
                                                              const std::vector<std::string>& pointers) {
  std::map<std::string, std::vector<std::string>> texts;
  for (const Change& change : checked_changes(status_file, pointers))
    if (change.value.is_string()) texts[change.pointer].push_back(change.value);
  return texts;
}

void expect_attempts(const std::vector<WriteAttempt>& attempts, const std::vector<std::string>& values,
                     const std::string& whose) {
  std::size_t next = 0;
  for (const WriteAttempt& attempt : attempts) {
    const bool is_there = next < values.size() && values[next] == attempt.value;
    if (is_there) ++next;
    EXPECT_TRUE(is_there || !attempt.acknowledged)
        << whose << ": acknowledged, but not in its place: " << attempt.value;
    EXPECT_FALSE(is_there && attempt.refused) << whose << ": refused, but there: " << attempt.value;
  }
  EXPECT_EQ(values.size(), next) << whose
                                 << ": a value that nobody wrote there: " << (next < values.size() ? values[next] : "");
}

}  // namespace statusfs::test
