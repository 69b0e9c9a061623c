// The state of a status file's partition (seed 2.1, ADR-028), as far as the driver itself sets it.
#pragma once

#include <string_view>

#include "mapping/tree/status_document.hpp"

namespace statusfs {

inline constexpr std::string_view partition_consistent = "CONSISTENT";
inline constexpr std::string_view partition_partitioned = "PARTITIONED";
inline constexpr std::string_view partition_reconciling = "RECONCILING";

/// The field in which the driver keeps that state, or nullptr if the mapping has none.
const Field* partition_field(const Mapping& mapping);

/// Whether the file is in quarantine.
bool is_partitioned(const StatusDocument& document);

}  // namespace statusfs
