#include "mapping/tree/names.hpp"

#include <algorithm>

#include "mapping/document/sha256.hpp"
#include "mapping/document/utf8.hpp"

namespace statusfs {
namespace {

constexpr std::size_t maximum_cut_size = 238;
constexpr std::size_t digest_digits = 16;

void append_encoded(std::string& out, char byte) {
  static constexpr char digits[] = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  out += {'%', digits[value >> 4], digits[value & 15]};
}

bool must_be_encoded(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value < 0x20 || value == 0x7F || byte == '/' || byte == '%';
}

int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

// As much of the name as there is room for, and a digest that tells it from others which begin like it. Never cut
// within a character, nor within the %XX of one byte, which could not be decoded then.
std::string cut(const std::string& name, const std::string& digested) {
  std::size_t size = 0;
  while (size < name.size()) {
    const std::size_t next = size + (name[size] == '%' ? 3 : utf8_sequence_length(std::string_view(name).substr(size)));
    if (next > maximum_cut_size) break;
    size = next;
  }
  return name.substr(0, size) + '~' + sha256_hex(digested).substr(0, digest_digits);
}

// Whether a name that was not cut looks like one that was, so that it could be that of another text. No cut name is
// shorter: what is left before its digest ends within three bytes of the limit.
bool could_be_cut(std::string_view name) {
  constexpr std::size_t shortest = maximum_cut_size - 3 + 1 + digest_digits;
  return name.size() >= shortest && name.size() <= maximum_name_size && is_cut_name(name);
}

// Whether the text is a name as it stands, as nearly all are.
bool is_plain_name(std::string_view text) {
  return !text.starts_with('.') && std::ranges::none_of(text, [](char byte) {
    return static_cast<unsigned char>(byte) >= 0x80 || must_be_encoded(byte);
  });
}

// Takes those that were encoded besides from `forced`.
std::string percent_encoded(std::string_view text, std::size_t& forced) {
  if (forced == 0 && is_plain_name(text)) return std::string(text);
  std::string name;
  while (!text.empty()) {
    const std::size_t length = utf8_sequence_length(text);
    const bool must_be = length == 0 || must_be_encoded(text[0]) || (name.empty() && text[0] == '.');
    if (must_be || forced > 0) {
      forced -= must_be ? 0 : 1;
      append_encoded(name, text[0]);
      text.remove_prefix(1);
    } else {
      name += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return name;
}

}  // namespace

std::string encode_uncut(std::string_view text) {
  std::size_t forced = 0;
  return percent_encoded(text, forced);
}

std::string encode_name(std::string_view text, std::size_t forced) {
  std::string name = percent_encoded(text, forced);
  // Where no byte is left to encode, the digest makes the difference; no name has a '/'.
  if (forced > 0) return cut(name, name + '/' + std::to_string(forced));
  if (could_be_cut(name)) name.replace(name.size() - digest_digits - 1, 1, "%7E");
  return name.size() > maximum_name_size ? cut(name, name) : name;
}

std::optional<std::string> decode_name(std::string_view name) {
  std::string text;
  for (std::size_t position = 0; position < name.size(); ++position) {
    if (name[position] != '%') {
      text += name[position];
      continue;
    }
    const int high = position + 2 < name.size() ? hex_digit(name[position + 1]) : -1;
    const int low = position + 2 < name.size() ? hex_digit(name[position + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    text += static_cast<char>(high * 16 + low);
    position += 2;
  }
  return text;
}

bool is_cut_name(std::string_view name) noexcept {
  return name.size() > digest_digits + 1 && name[name.size() - digest_digits - 1] == '~';
}

}  // namespace statusfs
