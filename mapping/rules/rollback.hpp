// Going back to the content of an earlier version, as a new mutation.
#pragma once

#include <optional>
#include <string>

#include "mapping/rules/write_request.hpp"

namespace statusfs {

/// What brings the document, or one task of it, back to what `earlier` (the whole document of that version) says. Kept
/// as they are: logs, locks, and whatever the driver alone sets. Rules about the way from one value to another do not
/// hold here; what the plan says does: no task comes back that it does not have, and none becomes active before those
/// that it depends on.
///
/// Throws Rejection: access_denied unless the author has the authority over locks, not_permitted where something locked
/// would change, not_found where neither version has the task, invalid where `earlier` has values that are not valid
/// any more, or the plan forbids it.
Proposal propose_rollback(const StatusDocument& document, const StatusDocument& earlier, std::uint64_t version,
                          const std::optional<std::string>& task, const Judge& judge);

}  // namespace statusfs
