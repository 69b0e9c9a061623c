#include "fs/store/etcd/etcd_outcome.hpp"

#include <string>

namespace statusfs {

StoreResult outcome_of(const EtcdError& error) {
  switch (error.kind()) {
    case EtcdError::Kind::no_space:
      return {StoreStatus::no_space, error.what()};
    case EtcdError::Kind::too_large:
      return {StoreStatus::too_large, error.what()};
    case EtcdError::Kind::refused:
      return {StoreStatus::refused, std::string("etcd: ") + error.what()};
    case EtcdError::Kind::unavailable:
    case EtcdError::Kind::unknown:
    case EtcdError::Kind::compacted:
      break;
  }
  return {StoreStatus::lost, error.what()};
}

}  // namespace statusfs
