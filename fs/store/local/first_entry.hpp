// The first line of the journal of a file that bears hashes but has no journal.
#pragma once

#include <memory>
#include <string>

#include "fs/store/store.hpp"

namespace statusfs {

/// Why no journal can be begun with the document as it is; empty when one can be.
std::string hindrance_to_begin(const StatusDocument& document);

/// The entry that begins a chain with the document as it is. Precondition: hindrance_to_begin() is empty.
CommitEntry first_entry(const std::shared_ptr<const StatusDocument>& document);

}  // namespace statusfs
