#include "mapping/document/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace statusfs {
namespace {

bool continues(std::string_view bytes, std::size_t position, unsigned lowest = 0x80, unsigned highest = 0xBF) {
  if (position >= bytes.size()) return false;
  const auto byte = static_cast<unsigned char>(bytes[position]);
  return byte >= lowest && byte <= highest;
}

// The bounds of the second byte are what excludes overlong forms, surrogates and values above U+10FFFF
// (RFC 3629 section 4).
std::size_t three_bytes(std::string_view bytes, unsigned lead) {
  const unsigned lowest = lead == 0xE0 ? 0xA0 : 0x80;
  const unsigned highest = lead == 0xED ? 0x9F : 0xBF;
  return continues(bytes, 1, lowest, highest) && continues(bytes, 2) ? 3 : 0;
}

std::size_t four_bytes(std::string_view bytes, unsigned lead) {
  const unsigned lowest = lead == 0xF0 ? 0x90 : 0x80;
  const unsigned highest = lead == 0xF4 ? 0x8F : 0xBF;
  return continues(bytes, 1, lowest, highest) && continues(bytes, 2) && continues(bytes, 3) ? 4 : 0;
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

std::size_t utf8_sequence_length(std::string_view bytes) noexcept {
  if (bytes.empty()) return 0;
  const auto lead = static_cast<unsigned char>(bytes[0]);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(bytes, 1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) return three_bytes(bytes, lead);
  if (lead >= 0xF0 && lead <= 0xF4) return four_bytes(bytes, lead);
  return 0;
}

std::size_t utf8_cut_length(std::string_view bytes) noexcept {
  for (std::size_t length = 1; length <= std::min<std::size_t>(3, bytes.size()); ++length) {
    const std::string_view tail = bytes.substr(bytes.size() - length);
    if (is_continuation(tail[0])) continue;  // the lead byte comes before
    // Any lead byte that has a sequence has one whose second byte is 0x80 or 0xA0.
    for (const char second : {'\x80', '\xA0'}) {
      std::array<char, 6> completed{};
      completed.fill('\x80');
      completed[length] = second;
      std::copy(tail.begin(), tail.end(), completed.begin());
      if (utf8_sequence_length({completed.data(), completed.size()}) > length) return length;
    }
    return 0;
  }
  return 0;
}

std::string_view utf8_prefix(std::string_view text, std::size_t size) noexcept {
  if (text.size() <= size) return text;
  while (size > 0 && is_continuation(text[size])) --size;
  return text.substr(0, size);
}

bool is_valid_utf8(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const std::size_t length = utf8_sequence_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

}  // namespace statusfs
