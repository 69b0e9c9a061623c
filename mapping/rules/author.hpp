// Who makes a mutation, and what is remembered of how it was asked for.
#pragma once

#include <cstdint>
#include <string>

namespace statusfs {

/// persona and archetype are labels given by the mount's configuration; uid is what the kernel vouches for.
struct Author {
  std::string persona;
  std::string archetype;
  std::uint32_t uid = 0;
  std::int64_t pid = 0;
  std::string trace_id;   ///< 32 hex digits
  std::string host = {};  ///< on which it was made; empty where there is but one
};

/// What must be remembered of a request that carried an idempotency key.
struct IdempotencyMark {
  std::string key;
  std::string request_hash;  ///< SHA-256 of the request, hex
};

}  // namespace statusfs
