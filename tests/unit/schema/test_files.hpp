// Files that the tests of mappings read.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace statusfs {

inline std::filesystem::path test_data() { return STATUSFS_TEST_DATA; }

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path << " cannot be read";
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The mapping that mapping/schema/README.md shows.
inline std::string example_text() {
  const std::string page = text_of(test_data() / "../../mapping/schema/README.md");
  const std::string fence = "```yaml\n";
  const std::size_t begin = page.find(fence) + fence.size();
  return page.substr(begin, page.find("```", begin) - begin);
}

}  // namespace statusfs
