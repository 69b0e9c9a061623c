// UTF-8 (RFC 3629).
#pragma once

#include <cstddef>
#include <string_view>

namespace statusfs {

/// Length of the well-formed UTF-8 sequence at the start of `bytes`: 1 to 4, or 0 where there is none (overlong forms,
/// surrogates and values above U+10FFFF are none).
std::size_t utf8_sequence_length(std::string_view bytes) noexcept;

/// How many bytes at the end are the beginning of a well-formed sequence whose rest is missing: 0 to 3.
std::size_t utf8_cut_length(std::string_view bytes) noexcept;

/// The beginning of `text` of at most `size` bytes that does not end within a character.
std::string_view utf8_prefix(std::string_view text, std::size_t size) noexcept;

bool is_valid_utf8(std::string_view bytes) noexcept;

}  // namespace statusfs
