// What an error of the file system means for a store.
#pragma once

#include <exception>
#include <system_error>

#include "fs/store/store.hpp"

namespace statusfs {

/// no_space, quota, too_large, or failed for every other error.
StoreResult outcome_of(const std::system_error& error);

/// Whether the same may succeed a little later though nobody does anything about the file: want of memory or
/// descriptors, a read that failed, a program that is writing the file.
bool may_pass(const std::system_error& error);

/// What the work returns, or what it throws as a result.
template <typename Work>
StoreResult guarded(Work work) try {
  return work();
} catch (const std::system_error& error) {
  return outcome_of(error);
} catch (const std::exception& error) {
  return {StoreStatus::failed, error.what()};
}

}  // namespace statusfs
