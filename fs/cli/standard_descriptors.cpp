#include "fs/cli/standard_descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace statusfs {

bool keep_standard_descriptors() noexcept {
  for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; ++standard) {
    if (fcntl(standard, F_GETFD) >= 0) continue;
    // The lowest number that is free, which this one is, as those below it are open by now.
    if (open("/dev/null", standard == STDERR_FILENO ? O_WRONLY : O_RDONLY) != standard) return false;
  }
  return true;
}

}  // namespace statusfs
