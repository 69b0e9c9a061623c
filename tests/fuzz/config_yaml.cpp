// Any bytes as a configuration: refused with the file's name, or every archetype in it is one that exists.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "fs/identity/config.hpp"
#include "tests/fuzz/property.hpp"

namespace statusfs::fuzz {
namespace {

/// A file in memory with this content.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view text) : descriptor_(::memfd_create("config", MFD_CLOEXEC)) {
    require(::write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "there is memory");
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

void check(std::string_view text) {
  const MemoryFile file(text);
  const std::vector<std::string> archetypes = {"SUPERVISOR", "MANAGER", "BUILDER", "JANITOR", "AUDITOR"};
  try {
    const Config config = load_config(file.path(), archetypes, 1000);
    require(config.writers != nullptr, "there is always somebody who decides");
    for (const uid_t uid : {uid_t{0}, uid_t{1000}, uid_t{4711}}) {
      const Author author = config.writers->author_of(Caller{uid, 0, 0, 0, {}}, {});
      require(std::ranges::find(archetypes, author.archetype) != archetypes.end(), "everybody has a known archetype");
      require(author.uid == uid, "the kernel's word on the user is kept");
      require(!author.persona.empty(), "everybody has a name");
    }
  } catch (const ConfigError& error) {
    require(std::string_view(error.what()).starts_with(file.path() + ":"), "a message begins with the place");
  }
}

}  // namespace
}  // namespace statusfs::fuzz

STATUSFS_FUZZ_TARGET(statusfs::fuzz::check)
