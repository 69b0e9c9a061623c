#include "tests/mount/places.hpp"

// The build's paths are known to this file alone, so that the others compile to the same everywhere.
namespace statusfs::test {

std::filesystem::path statusfs_binary() { return STATUSFS_BINARY; }

std::filesystem::path completion_script() { return STATUSFS_COMPLETION; }

std::filesystem::path data_file(const std::string& name) { return std::filesystem::path(STATUSFS_TEST_DATA) / name; }

std::string tool(const std::string& name) { return STATUSFS_TEST_TOOLS "/" + name; }

}  // namespace statusfs::test
