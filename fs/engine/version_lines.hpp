// The journal lines of a range of versions, each version once.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "fs/store/store.hpp"

namespace statusfs {

using VersionLine = std::function<void(std::string_view line)>;

/// The lines of the versions behind `after`, up to `upto`, oldest first. Behind closed journals that are missing comes
/// the line that begins the next one, for its version (is_rotation). Throws Rejection(io_failure) where lines cannot be
/// read, or one is missing for another reason.
void read_versions(Store& store, std::uint64_t after, std::uint64_t upto, const VersionLine& step);

/// The first version that there is a line of. Throws Rejection(io_failure) where that cannot be told.
std::uint64_t first_version(Store& store);

/// All lines of the journal that holds the version. Throws as read_versions().
void read_lines_around(Store& store, std::uint64_t version, const VersionLine& step);

/// The lines that lead to the version: from the latest one before it, or of it, that holds a whole document.
void read_from_whole(Store& store, std::uint64_t version, const VersionLine& step);

}  // namespace statusfs
