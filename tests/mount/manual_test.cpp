// The man page and --help name the same commands, flags and mount options.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "mounted_test.hpp"

namespace {

using Names = std::set<std::string>;

std::string manual() {
  std::ifstream file(statusfs::test::manual_page());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The part of the man page between two section headings.
std::string section(const std::string& name) {
  const std::string text = manual();
  const std::size_t start = text.find(".SH " + name + "\n");
  if (start == std::string::npos) return {};
  return text.substr(start, text.find("\n.SH ", start + 1) - start);
}

// The first word of every tagged paragraph: "-o", "umask=", "init".
Names tags(const std::string& name) {
  Names names;
  const std::string text = section(name);
  const std::regex tag(R"(\n\.TP\n\.BI? ([^ \n]+)([^\n]*))");
  for (std::sregex_iterator found(text.begin(), text.end(), tag), end; found != end; ++found) {
    std::string word = std::regex_replace((*found)[1].str(), std::regex(R"(\\-)"), "-");
    names.insert(std::regex_replace(word, std::regex("[=,]$"), ""));
    // "-h, --help" names two.
    std::smatch second;
    const std::string rest = (*found)[2];
    if (std::regex_search(rest, second, std::regex(R"(^ (\\-\\-[a-z]+))")))
      names.insert(std::regex_replace(second[1].str(), std::regex(R"(\\-)"), "-"));
  }
  return names;
}

// What the lines of --help between two headings begin with.
Names help_names(const std::string& help, const std::string& heading, const std::regex& line) {
  Names names;
  const std::size_t start = help.find(heading);
  if (start == std::string::npos) return names;
  std::istringstream lines(help.substr(start + heading.size()));
  std::string text;
  std::getline(lines, text);
  while (std::getline(lines, text) && !text.empty()) {
    for (std::sregex_iterator found(text.begin(), text.end(), line), end; found != end; ++found)
      names.insert((*found)[1]);
  }
  return names;
}

class ManualTest : public statusfs::test::MountedTest {};

TEST_F(ManualTest, MountOptionsAreThoseOfHelp) {
  const std::string help = statusfs({"--help"}).output;
  Names options = help_names(help, "Mount options (-o):", std::regex(R"(^  ([a-z_]+)[= ])"));
  options.erase("and");  // the line about mount(8)
  ASSERT_GE(options.size(), 8u) << help;
  EXPECT_EQ(options, tags("MOUNT OPTIONS"));
}

TEST_F(ManualTest, CommandsAreThoseOfHelp) {
  const std::string help = statusfs({"--help"}).output;
  const Names commands = help_names(help, "Subcommands:", std::regex(R"(^  ([a-z]+) )"));
  ASSERT_GE(commands.size(), 7u) << help;
  EXPECT_EQ(commands, tags("COMMANDS"));
}

TEST_F(ManualTest, FlagsAreThoseOfHelp) {
  const std::string help = statusfs({"--help"}).output;
  const Names flags = help_names(help, "\nOptions:", std::regex(R"((?:^  |,)(-[a-z]|--[a-z]+)\b)"));
  ASSERT_GE(flags.size(), 5u) << help;
  EXPECT_EQ(flags, tags("OPTIONS"));
}

}  // namespace
