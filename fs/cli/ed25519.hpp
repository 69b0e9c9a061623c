// Ed25519 signatures (RFC 8032), by OpenSSL; keys are PEM files as openssl(1) makes them.
#pragma once

#include <string>
#include <string_view>

namespace statusfs {

/// The 64 bytes of the signature. Throws CommandError(unusable) for a key that others may read, or that is none.
std::string sign(const std::string& private_key_file, std::string_view message);

/// Throws CommandError(unusable) for a file that holds no Ed25519 public key.
bool is_signature_right(const std::string& public_key_file, std::string_view message, std::string_view signature);

}  // namespace statusfs
