// Base64 (RFC 4648, with padding), in which etcd's JSON gateway carries keys and values.
#pragma once

#include <string>
#include <string_view>

namespace statusfs {

std::string to_base64(std::string_view bytes);
/// Throws std::runtime_error for text that is none.
std::string from_base64(std::string_view text);

}  // namespace statusfs
