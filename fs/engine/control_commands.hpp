// Requests to the driver itself: adopt, rollback, reconcile.
#pragma once

#include "fs/engine/job.hpp"
#include "fs/engine/version_writer.hpp"

namespace statusfs {

/// Carries the request out. Precondition: the store of a chained file was prepared. Throws Rejection; nothing was kept
/// then, or the disk failed. One thread at a time.
void carry_out(VersionWriter& writer, const ControlRequest& request, const Author& author);

}  // namespace statusfs
