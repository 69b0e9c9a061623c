#include "fs/store/local/backward_reader.hpp"

#include <gtest/gtest.h>

#include "fs/store/local/posix_files.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace statusfs {
namespace {

std::vector<std::string> backwards(const std::string& text, std::uint64_t end) {
  const TemporaryDirectory directory;
  PosixFiles files;
  const auto file = files.open(directory.path() + "/journal", Files::Open::create);
  std::size_t written = 0;
  while (written < text.size()) written += file->write_at(std::string_view(text).substr(written), written);
  BackwardReader reader(*file, end);
  std::vector<std::string> lines;
  while (const auto line = reader.next()) lines.emplace_back(*line);
  return lines;
}

TEST(BackwardReader, GivesTheLinesFromTheLast) {
  EXPECT_EQ((std::vector<std::string>{}), backwards("", 0));
  EXPECT_EQ((std::vector<std::string>{"a"}), backwards("a\n", 2));
  EXPECT_EQ((std::vector<std::string>{"c", "", "a"}), backwards("a\n\nc\n", 5));
}

TEST(BackwardReader, LooksAtNothingBehindTheEnd) { EXPECT_EQ((std::vector<std::string>{"a"}), backwards("a\nb\n", 2)); }

TEST(BackwardReader, ReadsLinesOfEveryLength) {
  std::vector<std::string> lines;
  std::string text;
  for (const std::size_t size : {1u, 300'000u, 5u, 262'143u, 262'144u, 262'145u, 1'000'000u, 2u}) {
    lines.insert(lines.begin(), std::string(size, static_cast<char>('a' + lines.size())));
    text += lines.front() + "\n";
  }
  EXPECT_EQ(lines, backwards(text, text.size()));
}

}  // namespace
}  // namespace statusfs
