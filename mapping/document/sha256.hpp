// SHA-256 (FIPS 180-4), by OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace statusfs {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::string_view bytes);
  /// The digest as 64 lower-case hex digits; the object is then ready for the next message.
  std::string finish_hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string sha256_hex(std::string_view bytes);

// A hash as it stands in documents: this prefix and the hex digits.
inline constexpr std::string_view hash_prefix = "sha256:";
inline constexpr std::size_t hash_text_size = hash_prefix.size() + 64;

/// Whether the text is such a hash.
bool is_hash_text(std::string_view text) noexcept;

}  // namespace statusfs
