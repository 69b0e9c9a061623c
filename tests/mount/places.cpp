#include "tests/mount/places.hpp"

#include <cstdlib>

// The build's paths are known to this file alone, so that the others compile to the same everywhere.
namespace statusfs::test {

std::filesystem::path statusfs_binary() {
  const char* other = std::getenv("STATUSFS_TEST_BINARY");
  return other ? other : STATUSFS_BINARY;
}

std::filesystem::path completion_script() { return STATUSFS_COMPLETION; }

std::filesystem::path data_file(const std::string& name) { return std::filesystem::path(STATUSFS_TEST_DATA) / name; }

std::string tool(const std::string& name) { return STATUSFS_TEST_TOOLS "/" + name; }

}  // namespace statusfs::test
