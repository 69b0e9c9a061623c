// Where the tests find what they test and what they test it with.
#pragma once

#include <filesystem>
#include <string>

namespace statusfs::test {

/// The program under test: that of the same build, or the one that STATUSFS_TEST_BINARY names.
std::filesystem::path statusfs_binary();
std::filesystem::path completion_script();
/// A file or directory of tests/data.
std::filesystem::path data_file(const std::string& name);
/// A program that stands beside the tests.
std::string tool(const std::string& name);

}  // namespace statusfs::test
