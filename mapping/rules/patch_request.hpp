// The text written to a patch file: a merge patch, a JSON patch, or either wrapped with conditions.
#pragma once

#include <optional>
#include <string>

#include "mapping/document/value.hpp"
#include "mapping/rules/author.hpp"

namespace statusfs {

struct PatchRequest {
  Value patch;                                 ///< an object (RFC 7396) or an array (RFC 6902)
  std::optional<std::int64_t> if_version;      ///< {"if_version": 22, "patch": ...}
  std::optional<IdempotencyMark> idempotency;  ///< {"idempotency_key": "...", "patch": ...}
};

/// Throws Rejection(invalid) for text that is none.
PatchRequest read_patch_request(std::string_view text);

/// Takes the member "idempotency_key" out of a log entry.
std::optional<std::string> take_idempotency_key(Value& entry);

/// Key and SHA-256 of the request's bytes. Throws Rejection(invalid) for a key that is empty, longer than 256 bytes
/// or not printable.
IdempotencyMark idempotency_mark(const Value& key, std::string_view request);

}  // namespace statusfs
