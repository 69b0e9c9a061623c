// RFC 3339 times, as the journal bears them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace statusfs {

/// UTC with microseconds: 2025-06-09T12:00:00.123456Z.
std::string format_timestamp(std::chrono::system_clock::time_point time);

/// Reads what format_timestamp writes, with any number of digits behind the point, or none. Nothing for other text.
std::optional<std::chrono::system_clock::time_point> parse_timestamp(std::string_view text);

}  // namespace statusfs
