// Every file in tests/data/mapping/bad breaks one rule of the mapping language, in the line that ends with
// "# error: " and the message that is expected.
#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "mapping/schema/mapping_loader.hpp"
#include "tests/unit/schema/test_files.hpp"

namespace statusfs {
namespace {

constexpr std::string_view marker = "# error: ";
constexpr std::size_t file_count = 264;

std::vector<std::filesystem::path> bad_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(test_data() / "mapping/bad"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string expected_error(const std::string& text, const std::string& origin) {
  const std::size_t at = text.find(marker);
  if (at == std::string::npos) return "a line with the marker '# error: '";
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  const std::size_t begin = at + marker.size();
  return origin + ":" + std::to_string(line) + ": " + text.substr(begin, text.find('\n', begin) - begin);
}

class BadMapping : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(BadMapping, IsRefusedWithItsLineAndReason) {
  const std::string text = text_of(GetParam());
  const std::string origin = GetParam().filename();
  try {
    load_mapping(text, origin);
    ADD_FAILURE() << "accepted";
  } catch (const MappingError& error) {
    EXPECT_EQ(error.what(), expected_error(text, origin));
  }
}

INSTANTIATE_TEST_SUITE_P(Files, BadMapping, testing::ValuesIn(bad_files()),
                         [](const auto& file) { return file.param.stem().string(); });

TEST(BadMappings, AreAllThere) { EXPECT_EQ(bad_files().size(), file_count); }

}  // namespace
}  // namespace statusfs
