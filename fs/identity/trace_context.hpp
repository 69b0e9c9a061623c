// Trace ids: W3C Trace Context, level 1 (https://www.w3.org/TR/trace-context-1/).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace statusfs {

/// The trace id of a valid traceparent: 32 lower-case hex digits, not all zero. Nothing where it is invalid: then it
/// counts as none. A version after 00 may go on behind the flags, with a '-'.
std::optional<std::string> trace_id_of(std::string_view traceparent);

/// A random trace id. Throws std::system_error where the kernel has no random numbers.
std::string new_trace_id();

}  // namespace statusfs
