// How a mount presents itself.
#pragma once

#include <sys/types.h>

#include <string>

namespace statusfs {

struct Presentation {
  uid_t owner = 0;
  gid_t group = 0;
  mode_t umask = 0;
  bool allow_other = false;
  std::string version;  ///< of statusfs
  bool history = true;  ///< whether there is a .history
};

}  // namespace statusfs
