#include "fs/cli/offline_author.hpp"

#include <unistd.h>

#include "fs/identity/config.hpp"

namespace statusfs {

Author offline_author(const Mapping& mapping) {
  const pid_t pid = getpid();
  const Config config = default_config(mapping.authority(), getuid());
  return config.writers->author_of(identify(getuid(), getgid(), pid), read_labels(pid));
}

}  // namespace statusfs
