#include "mapping/render/plain_text.hpp"

#include <algorithm>
#include <array>

#include "mapping/document/utf8.hpp"

namespace statusfs {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";           // U+FFFD
constexpr std::string_view first_strong_isolate = "\xE2\x81\xA8";  // U+2068
constexpr std::string_view pop_isolate = "\xE2\x81\xA9";           // U+2069
constexpr std::string_view ellipsis = "\xE2\x80\xA6";              // U+2026

struct Range {
  char32_t first, last;
};

template <std::size_t Count>
bool is_in(const std::array<Range, Count>& ranges, char32_t code) {
  return std::ranges::any_of(ranges, [&](const Range& range) { return code >= range.first && code <= range.last; });
}

// Blocks of right-to-left scripts (Unicode 15, DerivedBidiClass).
constexpr std::array<Range, 5> right_to_left{
    {{0x0590, 0x08FF}, {0xFB1D, 0xFDFF}, {0xFE70, 0xFEFF}, {0x10800, 0x10FFF}, {0x1E800, 0x1EFFF}}};
// Wide and full-width blocks (Unicode 15, EastAsianWidth), and emoji.
constexpr std::array<Range, 10> wide{{{0x1100, 0x115F},
                                      {0x2E80, 0xA4CF},
                                      {0xA960, 0xA97F},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF01, 0xFF60},
                                      {0xFFE0, 0xFFE6},
                                      {0x1F300, 0x1FAFF},
                                      {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 10> combining{{{0x0300, 0x036F},
                                           {0x0591, 0x05BD},
                                           {0x064B, 0x065F},
                                           {0x1AB0, 0x1AFF},
                                           {0x1DC0, 0x1DFF},
                                           {0x200B, 0x200F},
                                           {0x2066, 0x2069},
                                           {0x20D0, 0x20FF},
                                           {0xFE00, 0xFE0F},
                                           {0xFE20, 0xFE2F}}};
// Blocks that have nothing but letters, digits and marks of words (Unicode 15, general categories L, M and N).
constexpr std::array<Range, 26> words{
    {{'0', '9'},       {'A', 'Z'},        {'a', 'z'},       {0x00AA, 0x00AA}, {0x00B5, 0x00B5}, {0x00BA, 0x00BA},
     {0x00C0, 0x00D6}, {0x00D8, 0x00F6},  {0x00F8, 0x02C1}, {0x0300, 0x0374}, {0x0388, 0x03F5}, {0x03F7, 0x0481},
     {0x048A, 0x052F}, {0x0531, 0x0556},  {0x0561, 0x0587}, {0x05D0, 0x05EA}, {0x0620, 0x064A}, {0x0904, 0x0939},
     {0x0E01, 0x0E30}, {0x1E00, 0x1FBC},  {0x3041, 0x3096}, {0x30A1, 0x30FA}, {0x3400, 0x4DBF}, {0x4E00, 0x9FFF},
     {0xAC00, 0xD7A3}, {0x20000, 0x2FFFF}}};
// C0, DEL and C1, line separators, embeddings and overrides, isolates.
constexpr std::array<Range, 4> refused{{{0x0000, 0x001F}, {0x007F, 0x009F}, {0x2028, 0x202E}, {0x2066, 0x2069}}};

bool is_noncharacter(char32_t code) { return (code >= 0xFDD0 && code <= 0xFDEF) || (code & 0xFFFE) == 0xFFFE; }

// Precondition: `sequence` is one well-formed sequence.
char32_t code_of(std::string_view sequence) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(sequence[at]); };
  if (sequence.size() == 1) return byte(0);
  char32_t code = byte(0) & (0xFFU >> (sequence.size() + 1));
  for (std::size_t at = 1; at < sequence.size(); ++at) code = (code << 6) | (byte(at) & 0x3F);
  return code;
}

// Calls `use(sequence, code)` for every character; invalid bytes come as U+FFFD, one by one.
template <typename Use>
void for_each_character(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence_length(text);
    const std::string_view sequence = length == 0 ? replacement : text.substr(0, length);
    use(sequence, code_of(sequence));
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

std::size_t width_of(char32_t code) {
  if (is_in(combining, code)) return 0;
  return is_in(wide, code) ? 2 : 1;
}

}  // namespace

std::string plain_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for_each_character(text, [&](std::string_view sequence, char32_t code) {
    if (code == '\n' || code == '\r' || code == '\t')
      line += ' ';
    else
      line += is_in(refused, code) || is_noncharacter(code) ? replacement : sequence;
  });
  return line;
}

std::string isolated(std::string_view text) {
  bool has_right_to_left = false;
  for_each_character(text, [&](std::string_view, char32_t code) {
    has_right_to_left = has_right_to_left || is_in(right_to_left, code);
  });
  std::string result(text);
  if (has_right_to_left) result.insert(0, first_strong_isolate).append(pop_isolate);
  return result;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for_each_character(text, [&](std::string_view, char32_t code) { width += width_of(code); });
  return width;
}

std::string shortened(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  std::string kept;
  std::size_t used = 1;  // the ellipsis
  bool is_full = false;
  for_each_character(text, [&](std::string_view sequence, char32_t code) {
    is_full = is_full || used + width_of(code) > width;
    if (is_full) return;
    used += width_of(code);
    kept += sequence;
  });
  return kept.append(ellipsis);
}

bool is_in_word(std::string_view text, std::size_t at) {
  if (at >= text.size()) return false;
  while (at > 0 && (text[at] & 0xC0) == 0x80) --at;
  const std::size_t length = utf8_sequence_length(text.substr(at));
  return length > 0 && is_in(words, code_of(text.substr(at, length)));
}

std::string markup_escaped(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char byte : text) {
    switch (byte) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += byte;
    }
  }
  return result;
}

}  // namespace statusfs
