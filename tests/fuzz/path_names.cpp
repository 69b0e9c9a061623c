// Any bytes as a task id, and as a name in the tree.
#include "mapping/document/utf8.hpp"
#include "mapping/tree/names.hpp"
#include "tests/fuzz/property.hpp"

namespace statusfs::fuzz {
namespace {

void check_name(std::string_view name) {
  require(name.size() <= maximum_name_size, "a name is not too long");
  require(is_valid_utf8(name), "a name is valid UTF-8");
  require(!name.starts_with('.'), "a name is listed");
  for (const char byte : name)
    require(static_cast<unsigned char>(byte) >= 0x20 && byte != 0x7F && byte != '/', "a name can be a file's");
}

void check_encoding(std::string_view text, std::size_t forced) {
  const std::string name = encode_name(text, forced);
  check_name(name);
  require(!name.empty(), "only nothing has no name");
  const auto decoded = decode_name(name);
  require(decoded.has_value(), "a name can be decoded, a cut one, too");
  require(*decoded == text || is_cut_name(name), "a name stands for its text");
}

void check_decoding(std::string_view name) {
  const auto text = decode_name(name);
  if (!text) {
    require(name.find('%') != std::string_view::npos, "only a % can be wrong");
    return;
  }
  const std::string canonical_name = encode_name(*text);
  if (canonical_name.size() + 4 > maximum_name_size) return;  // may be cut, before a character of four bytes
  require(decode_name(canonical_name) == text, "another way to write a name stands for the same text");
}

void check(std::string_view input) {
  if (input.empty()) return require(encode_name(input).empty(), "nothing has no name");  // and is never shown
  for (const std::size_t forced : {0, 1, 2, 1000}) check_encoding(input, forced);
  check_decoding(input);
}

}  // namespace
}  // namespace statusfs::fuzz

STATUSFS_FUZZ_TARGET(statusfs::fuzz::check)
