// Who is named in the records that a command writes by itself.
#pragma once

#include "mapping/rules/author.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

/// The user who runs the command: whoever may write the files offline has the authority over them. The trace id is that
/// of TRACEPARENT, or a new one.
Author offline_author(const Mapping& mapping);

}  // namespace statusfs
