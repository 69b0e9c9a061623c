#include "fs/cli/offline_author.hpp"

#include <unistd.h>

#include "fs/identity/config.hpp"

namespace statusfs {

Author offline_author() {
  const pid_t pid = getpid();
  return default_config(getuid()).writers->author_of(identify(getuid(), getgid(), pid), read_labels(pid));
}

}  // namespace statusfs
