// Ed25519 signatures (RFC 8032), by OpenSSL. Keys are PEM as openssl(1) makes them.
//
// Thread safety: a key never changes after it was made; any thread.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace statusfs {

inline constexpr std::size_t signature_size = 64;  ///< bytes

/// A key that cannot be used. what() names the file and says what would be accepted.
class KeyError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {
struct OpenSslKey;  // ed25519.cpp
}

class PublicKey {
 public:
  /// Throws KeyError for text that holds no Ed25519 public key. `name` stands in the message.
  static PublicKey of_pem(std::string_view text, const std::string& name);
  static PublicKey read(const std::string& file);

  bool verifies(std::string_view message, std::string_view signature) const;

 private:
  friend class SigningKey;
  explicit PublicKey(std::shared_ptr<const detail::OpenSslKey> key) : key_(std::move(key)) {}
  std::shared_ptr<const detail::OpenSslKey> key_;
};

class SigningKey {
 public:
  /// Throws KeyError for text that holds no Ed25519 private key, or one behind a password. `name` stands in the
  /// message.
  static SigningKey of_pem(std::string_view text, const std::string& name);
  /// The file must be a regular one, of mode 0600 or less, that belongs to this process's user or to root.
  static SigningKey read(const std::string& file);

  /// signature_size bytes. Throws KeyError.
  std::string sign(std::string_view message) const;
  /// Whether this key made the signature.
  bool verifies(std::string_view message, std::string_view signature) const;

 private:
  explicit SigningKey(std::shared_ptr<const detail::OpenSslKey> key) : key_(std::move(key)) {}
  std::shared_ptr<const detail::OpenSslKey> key_;
};

}  // namespace statusfs
