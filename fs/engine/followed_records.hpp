// What was added to a file without this process, or without its knowing.
#pragma once

#include <vector>

#include "fs/engine/file_state.hpp"
#include "fs/store/store.hpp"
#include "mapping/chain/chain.hpp"

namespace statusfs {

/// The versions between two states of a file, oldest first; the store has loaded the later one. They have the records,
/// but all of them the later state's document, and the last one what changed in between; that is empty where the
/// document before was freed. Nothing where the chain of one does not go on in that of the other, or cannot be read,
/// and where their records have more than 16 MiB.
std::vector<Version> versions_between(Store& store, const FileState& before, const FileState& after);

}  // namespace statusfs
