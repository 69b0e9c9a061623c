#include "fs/engine/refusal.hpp"

namespace statusfs {

Rejection rejection_of(const StoreResult& result) {
  switch (result.status) {
    case StoreStatus::busy:
      return {Cause::busy, result.reason};
    case StoreStatus::no_space:
      return {Cause::no_space, result.reason};
    case StoreStatus::quota:
      return {Cause::quota, result.reason};
    case StoreStatus::lost:
      return {Cause::read_only, "there is no quorum, nothing can be written: " + result.reason};
    case StoreStatus::too_large:
      return {Cause::too_large, result.reason};
    case StoreStatus::refused:
      return {Cause::read_only, result.reason};
    case StoreStatus::gone:
      return {Cause::not_found, result.reason};
    case StoreStatus::conflict:
    case StoreStatus::foreign:  // nothing was written, and it may be resolved by the next time
      return {Cause::busy, result.reason};
    case StoreStatus::done:
    case StoreStatus::failed:
      break;
  }
  return {Cause::io_failure, result.reason.empty() ? "the store failed; the outcome is unknown" : result.reason};
}

void throw_rejection_of(const StoreResult& result) {
  const Rejection rejection = rejection_of(result);
  if (result.status == StoreStatus::lost) throw NoQuorum(rejection.cause(), rejection.what());
  throw rejection;
}

}  // namespace statusfs
