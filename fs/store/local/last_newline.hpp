// Where the last line of a text begins.
#pragma once

#include <cstring>
#include <string_view>

namespace statusfs {

/// The position of the last newline, or npos. rfind(char) of the standard library looks at one byte at a time; a line
/// of a journal may hold a whole document.
inline std::size_t last_newline(std::string_view text) noexcept {
  const void* found = text.empty() ? nullptr : ::memrchr(text.data(), '\n', text.size());
  return found ? static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) : std::string_view::npos;
}

}  // namespace statusfs
