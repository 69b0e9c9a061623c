// Goes on from one version of a document to the next by a record that somebody else wrote.
#pragma once

#include <memory>
#include <string>

#include "fs/store/store.hpp"

namespace statusfs {

/// The version that the record leads to. Throws std::runtime_error where it is no record or does not continue the
/// chain.
CommitEntry next_version(const StatusDocument& document, const ChainHead& head, const std::string& line);

}  // namespace statusfs
