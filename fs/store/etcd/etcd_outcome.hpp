// What an error of etcd means for a store.
#pragma once

#include <exception>

#include "fs/store/etcd/etcd_client.hpp"
#include "fs/store/store.hpp"

namespace statusfs {

/// no_space, too_large, refused, or lost for every other error.
StoreResult outcome_of(const EtcdError& error);

/// What the work returns, or what it throws as a result.
template <typename Work>
StoreResult etcd_outcome(Work work) try {
  return work();
} catch (const EtcdError& error) {
  return outcome_of(error);
} catch (const std::exception& error) {
  return {StoreStatus::failed, error.what()};
}

}  // namespace statusfs
