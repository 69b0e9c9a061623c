#include "fs/identity/persona.hpp"

#include "mapping/document/utf8.hpp"

namespace statusfs {
namespace {

bool is_control(std::string_view character) noexcept {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;  // U+0080-009F
}

bool ends_line(std::string_view character) noexcept { return character == "\u2028" || character == "\u2029"; }

}  // namespace

bool is_persona(std::string_view text) noexcept {
  if (text.size() > maximum_persona || text.empty() || text.front() == ' ' || text.back() == ' ') return false;
  while (!text.empty()) {
    const std::size_t size = utf8_sequence_length(text);
    const std::string_view character = text.substr(0, size);
    if (size == 0 || is_control(character) || ends_line(character)) return false;
    text.remove_prefix(size);
  }
  return true;
}

bool is_reserved_persona(std::string_view text) noexcept {
  return text == "PLAN" || text == "STATUSFS" || text == "EXTERNAL";
}

}  // namespace statusfs
