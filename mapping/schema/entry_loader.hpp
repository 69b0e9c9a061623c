// Reads what the entries of a log have in common.
#pragma once

#include <optional>

#include "mapping/schema/load_context.hpp"

namespace statusfs {

/// The `entry` of a log's row; nothing for a row that no line can be appended to.
std::optional<LogEntry> read_log_entry(const YamlNode& row, const Field& field);

}  // namespace statusfs
