// One name in a directory of the tree.
#pragma once

#include <string>

#include "fs/fuse/place.hpp"

namespace statusfs {

struct DirectoryEntry {
  std::string name;
  Place place;
};

}  // namespace statusfs
