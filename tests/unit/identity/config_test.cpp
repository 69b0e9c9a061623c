#include "fs/identity/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace statusfs {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
namespace filesystem = std::filesystem;

const std::vector<std::string> archetypes = {"SUPERVISOR", "MANAGER", "BUILDER", "JANITOR", "AUDITOR"};
const filesystem::path data = filesystem::path(STATUSFS_TEST_DATA) / "config";
constexpr uid_t mounting_user = 4444;

Config load_good(const std::string& name) { return load_config(data / "good" / name, archetypes, mounting_user); }

Author author(const Config& config, uid_t uid, gid_t gid = 9999, std::vector<gid_t> groups = {}) {
  return config.writers->author_of({uid, gid, 1, 1, std::move(groups)}, {});
}

std::string error_of(const filesystem::path& file) try {
  load_config(file, archetypes, mounting_user);
  return "";
} catch (const ConfigError& error) {
  return error.what();
}

// A refused file says in its first line what is expected: "# expect: LINE: a part of the sentence", "-" for no line.
struct Expectation {
  std::string start, part;
};

Expectation expectation_of(const filesystem::path& file) {
  std::string line;
  std::getline(std::ifstream(file), line);
  const std::string head = "# expect: ";
  EXPECT_THAT(line, StartsWith(head)) << file;
  line.erase(0, head.size());
  const std::size_t colon = line.find(": ");
  const std::string number = line.substr(0, colon);
  return {file.string() + (number == "-" ? "" : ":" + number) + ": ", line.substr(colon + 2)};
}

TEST(Config, WithoutAFileMakesTheMountingUserTheAuthority) {
  const Config config = default_config("SUPERVISOR", mounting_user);
  EXPECT_EQ(author(config, mounting_user).archetype, "SUPERVISOR");
  EXPECT_EQ(author(config, mounting_user).persona, "4444");
  EXPECT_EQ(author(config, 0).archetype, "AUDITOR");
  EXPECT_EQ(author(config, 0).persona, "root");
  EXPECT_EQ(config.external, ExternalChanges::quarantine);
  EXPECT_FALSE(config.writers->needs_groups());
}

TEST(Config, ReadsTheExample) {
  const Config config = load_good("example.yaml");
  EXPECT_EQ(author(config, 0).persona, "CODING_ASSISTANT");
  EXPECT_EQ(author(config, 0).archetype, "BUILDER");
  EXPECT_EQ(author(config, 4001).archetype, "MANAGER");
  EXPECT_EQ(author(config, 4001).persona, "4001");
  EXPECT_EQ(author(config, 4003, 1).archetype, "SUPERVISOR");  // Debian's group daemon is 1
  EXPECT_EQ(author(config, 4003, 9999, {4002}).archetype, "JANITOR");
  EXPECT_EQ(author(config, 4003, 4002).persona, "\u00dcn\u00efcode persona");
  EXPECT_EQ(author(config, mounting_user).archetype, "AUDITOR");
  EXPECT_EQ(config.external, ExternalChanges::adopt);
}

TEST(Config, WithoutWritersKeepsTheMountingUser) {
  const Config config = load_good("only_external.yaml");
  EXPECT_EQ(author(config, mounting_user).archetype, "SUPERVISOR");
  EXPECT_EQ(author(config, 4003).archetype, "AUDITOR");
  EXPECT_EQ(config.external, ExternalChanges::quarantine);
}

TEST(Config, WithNoWriterLeavesTheDefaultToEverybody) {
  const Config config = load_good("nobody_named.yaml");
  EXPECT_EQ(author(config, mounting_user).archetype, "JANITOR");
  EXPECT_EQ(author(config, 0).archetype, "JANITOR");
}

TEST(Config, RefusesEveryBadFileWithPlaceAndSentence) {
  int files = 0;
  for (const auto& entry : filesystem::directory_iterator(data / "bad")) {
    const Expectation expected = expectation_of(entry.path());
    const std::string error = error_of(entry.path());
    EXPECT_THAT(error, StartsWith(expected.start)) << entry.path();
    EXPECT_THAT(error, HasSubstr(expected.part)) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 38);
}

TEST(Config, RefusesAFileThatCannotBeRead) {
  EXPECT_THAT(error_of("/nonexistent/config.yaml"),
              StartsWith("/nonexistent/config.yaml: cannot be read: No such file"));
  EXPECT_THAT(error_of(data), HasSubstr("cannot be read: Is a directory"));
}

}  // namespace
}  // namespace statusfs
