// The number of a task's directory: what is in it goes on from there.
#pragma once

#include <string>

#include "fs/fuse/path_number.hpp"
#include "mapping/schema/mapping.hpp"
#include "mapping/tree/names.hpp"

namespace statusfs {

/// `top`: the path of the status file's directory, empty where that is the root.
inline PathNumber task_number(const std::string& top, const Mapping& mapping, const std::string& task) {
  return PathNumber().add_name(top).add_name(mapping.collection->name).add_name(encode_name(task));
}

}  // namespace statusfs
