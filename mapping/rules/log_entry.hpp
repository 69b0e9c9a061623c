// Entries of append-only logs: what the writer must give and what the driver fills in.
#pragma once

#include <functional>
#include <string_view>

#include "mapping/rules/write_request.hpp"
#include "mapping/rules/write_stamp.hpp"

namespace statusfs {

/// Whether there is a task with this id once the write is done.
using TaskExists = std::function<bool(std::string_view id)>;

/// Throws Rejection(invalid) where the entry lacks a required member, has one of the wrong type, or refers to a task
/// that is not there. Members that the mapping does not know are free.
void require_valid_entry(const TaskExists& task_exists, const Field& log, const Value& entry);

/// The entry as it is stored: the mapping's members first in their order, with stamps, fixed values and defaults, then
/// the writer's others.
Value stamped_entry(const Field& log, const Value& entry, const WriteStamps& stamps);

}  // namespace statusfs
