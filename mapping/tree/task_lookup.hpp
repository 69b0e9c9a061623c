// The tasks of a document of which there is only the JSON value. StatusDocument has an index instead.
#pragma once

#include <string>
#include <string_view>

#include "mapping/document/value.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

/// The list of tasks; an empty one where there is none.
const Value& tasks_in(const Mapping& mapping, const Value& root);
/// The id of a task; empty where it has none that is a string, and for nullptr.
std::string id_of_task(const Mapping& mapping, const Value* task);
/// The first task of the id; nullptr where there is none. As long as the list.
const Value* task_in(const Mapping& mapping, const Value& root, std::string_view id);

}  // namespace statusfs
