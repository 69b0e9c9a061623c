// File names for task ids and JSON keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace statusfs {

/// Bytes that a name in the tree may have.
inline constexpr std::size_t maximum_name_size = 255;

/// The name under which `text` is shown: bytes that cannot stand in a file name ('/', control bytes, a leading '.',
/// invalid UTF-8, and '%' itself) as %XX. A name over 255 bytes is cut at a character boundary to at most 238 and ends
/// in '~' and the first 16 hex digits of the SHA-256 of the uncut name. `forced` more bytes than need be are encoded,
/// from the front: for a text whose name is taken. One that has not so many ends in '~' and 16 hex digits, too.
std::string encode_name(std::string_view text, std::size_t forced = 0);

/// The same of any length, and never cut: decode_name gives back the text. For lines, not for the tree.
std::string encode_uncut(std::string_view text);

/// The text that a name stands for, %XX decoded. Nothing for a '%' without two hex digits behind it.
std::optional<std::string> decode_name(std::string_view name);

/// Whether the name ends as those do that encode_name cut, so that decode_name may not give back what was encoded.
bool is_cut_name(std::string_view name) noexcept;

}  // namespace statusfs
