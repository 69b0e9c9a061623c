// A version that somebody else made, as seen by whoever follows the chain.
#pragma once

#include <memory>
#include <string>

#include "mapping/chain/chain.hpp"

namespace statusfs {

/// `record` leads from `before` to `after`; `head` is that of the record. The changes are the values that differ, of
/// what the record's patch touches. Throws RecordError.
Version followed_version(const StatusDocument& before, std::shared_ptr<const StatusDocument> after, std::string record,
                         ChainHead head);

/// The same for the last of several versions, with all that they changed together: `before` is what was before the
/// first.
Version version_of_several(const StatusDocument& before, std::shared_ptr<const StatusDocument> after,
                           std::string record, ChainHead head);

}  // namespace statusfs
