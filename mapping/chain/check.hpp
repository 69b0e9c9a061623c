// Validating a status file against its mapping: every finding, where `verify_hashes` looks at the hashes alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mapping/chain/hashes.hpp"
#include "mapping/rules/plan.hpp"

namespace statusfs {

/// `stem` is the file's name without .txt; `plan` the plan beside it, where there is one. Finds: absent header and
/// fields, values of the wrong type, enum or range, broken implications, derived values that are not what they should
/// be, references to tasks that are not there (unless the hashes verify: then the task was there when the entry was
/// made, and was removed since), tasks that the plan does not have, names that do not bear the same number (the seed's
/// GUID check), an unknown schema.
/// Rules in mode warn that do not hold are no findings.
std::vector<Finding> check_document(const StatusDocument& document, const std::string& stem, const Plan* plan);

/// Implications in mode warn that do not hold: accepted, and to be told to whoever checks the file.
std::vector<Finding> warnings_about(const StatusDocument& document);

}  // namespace statusfs
