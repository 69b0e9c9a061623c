// How a local store behaves; the defaults are what section 7 of the contract says.
#pragma once

#include <chrono>

#include "fs/store/local/hold_policy.hpp"

namespace statusfs {

struct LocalOptions {
  bool read_only = false;  ///< takes no locks, writes nothing, replays in memory
  bool background = true;  ///< false: the JSON is written by settle() only, and the lock is held until then
  std::chrono::milliseconds lock_wait{5000};  ///< for an old mount that ends, and for the file's lock
  std::chrono::milliseconds idle{3000};       ///< after which the thread that writes the JSON ends
  HoldPolicy hold;
};

}  // namespace statusfs
