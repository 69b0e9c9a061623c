#include "fs/identity/trace_context.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace statusfs {
namespace {

// version "-" trace-id "-" parent-id "-" trace-flags
constexpr std::size_t trace_id_at = 3, trace_id_size = 32;
constexpr std::size_t parent_id_at = 36, parent_id_size = 16;
constexpr std::size_t flags_at = 53, flags_size = 2;
constexpr std::size_t known_size = 55;

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) { return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos; }

bool has_dashes(std::string_view text) { return text[2] == '-' && text[35] == '-' && text[52] == '-'; }

bool ends_well(std::string_view text, std::string_view version) {
  return text.size() == known_size || (version != "00" && text[known_size] == '-');
}

using RandomBytes = std::array<unsigned char, trace_id_size / 2>;

RandomBytes random_bytes() {
  RandomBytes bytes{};
  // Up to 256 bytes come whole or not at all; a signal can only cut short the wait for the first entropy after boot.
  while (::getrandom(bytes.data(), bytes.size(), 0) < 0) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  return bytes;
}

}  // namespace

std::optional<std::string> trace_id_of(std::string_view traceparent) {
  if (traceparent.size() < known_size || !has_dashes(traceparent)) return std::nullopt;
  const std::string_view version = traceparent.substr(0, 2);
  if (!is_hex(version) || version == "ff" || !ends_well(traceparent, version)) return std::nullopt;
  const std::string_view trace_id = traceparent.substr(trace_id_at, trace_id_size);
  if (!is_id(trace_id) || !is_id(traceparent.substr(parent_id_at, parent_id_size))) return std::nullopt;
  if (!is_hex(traceparent.substr(flags_at, flags_size))) return std::nullopt;
  return std::string(trace_id);
}

std::string new_trace_id() {
  constexpr std::string_view digits = "0123456789abcdef";
  RandomBytes bytes = random_bytes();
  while (bytes == RandomBytes{}) bytes = random_bytes();  // all zero means "invalid" to the standard
  std::string id;
  id.reserve(trace_id_size);
  for (const unsigned char byte : bytes) id += {digits[byte >> 4], digits[byte & 15]};
  return id;
}

}  // namespace statusfs
