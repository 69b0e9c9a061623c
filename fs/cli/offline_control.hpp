// Commands that change a status file, carried out by its mount where there is one, and here where there is none.
#pragma once

#include <memory>

#include "fs/cli/status_targets.hpp"
#include "fs/engine/job.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

/// Returns once the mutation is in the journal and in the JSON, and signed where there is a key (offline_options); the
/// version that stands then. Throws CommandError(unusable) with the reason.
std::uint64_t run_offline(const StatusTarget& target, const std::shared_ptr<const Mapping>& mapping,
                          const ControlRequest& request, const std::string& signing_key);

}  // namespace statusfs
