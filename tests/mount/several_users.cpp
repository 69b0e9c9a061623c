#include "tests/mount/several_users.hpp"

#include <stdexcept>

namespace statusfs::test {
namespace {

// Reads attempts, one JSON array a line; prints the errno of each.
constexpr const char* attempts_script = R"(
import json, os, sys
def write(path, text, flags):
    handle = os.open(path, os.O_WRONLY | flags)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)
def read(path, text):
    with open(path, "rb") as file:
        file.read()
actions = [lambda path, text: write(path, text, os.O_TRUNC), lambda path, text: write(path, text, os.O_APPEND),
           lambda path, text: os.mkdir(path), lambda path, text: os.rmdir(path), read]
for line in sys.stdin:
    kind, path, text = json.loads(line)
    try:
        actions[kind](path, text)
        print(0)
    except OSError as error:
        print(error.errno)
)";

}  // namespace

const std::vector<std::pair<std::string, std::string>>& SeveralUsersTest::users() {
  static const std::vector<std::pair<std::string, std::string>> users{
      {"SUPERVISOR", "games"}, {"MANAGER", "bin"}, {"BUILDER", "daemon"}, {"JANITOR", "sys"}, {"AUDITOR", "nobody"}};
  return users;
}

std::string SeveralUsersTest::user_of(const std::string& archetype) {
  for (const auto& [name, user] : users())
    if (name == archetype) return user;
  throw std::runtime_error("nobody is " + archetype);
}

void SeveralUsersTest::SetUp() {
  MountedTest::SetUp();
  std::string text = "writers:\n  - {uid: " + std::to_string(::geteuid()) + ", archetype: SUPERVISOR}\n";
  for (const auto& [archetype, user] : users()) text += "  - {user: " + user + ", archetype: " + archetype + "}\n";
  write_config(text);
}

std::vector<std::string> SeveralUsersTest::shared(const std::string& more) const {
  return {"-o", "allow_other,default_permissions,config=" + config_file().string() + (more.empty() ? "" : "," + more)};
}

std::vector<int> SeveralUsersTest::try_all(const std::string& user, const std::vector<Attempt>& attempts,
                                           const std::map<std::string, std::string>& environment) {
  CommandOptions options;
  options.user = user;
  options.environment = environment;
  for (const Attempt& attempt : attempts)
    options.input +=
        Json::array({static_cast<int>(attempt.kind), tree(attempt.path).string(), attempt.text}).dump() + "\n";
  const CommandResult result = run_command({"/usr/bin/python3", "-c", attempts_script}, options);
  EXPECT_EQ(0, result.exit_status) << result.error;
  std::vector<int> numbers;
  for (const std::string& line : lines_of(result.output)) numbers.push_back(std::stoi(line));
  EXPECT_EQ(attempts.size(), numbers.size());
  numbers.resize(attempts.size(), -1);
  return numbers;
}

}  // namespace statusfs::test
