// Rules between the fields of a task, as rows in the mapping: implications, transitions, requirements, clearings; and
// those that the plan gives: dependencies and retries.
#pragma once

#include "mapping/rules/write_request.hpp"

namespace statusfs {

/// Adds to the changes what follows from them (implications and clearings), and what follows from that.
void add_consequences(const StatusDocument& document, ChangeSet& changes);

/// Throws Rejection(invalid), naming the rule, where a rule in mode enforce is broken; collects those in mode warn. All
/// rules but dependencies, which need all tasks.
void require_rules(const StatusDocument& document, const ChangeSet& changes, const Judge& judge,
                   std::vector<RuleWarning>& warnings);

/// The same for dependencies: of the tasks that are changed and of those that are added or restored, each by what all
/// tasks will be. Precondition: added tasks are complete, and what follows from the changes is among them.
void require_dependencies(const StatusDocument& document, const ChangeSet& changes, const Judge& judge,
                          std::vector<RuleWarning>& warnings);

}  // namespace statusfs
