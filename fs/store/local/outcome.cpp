#include "fs/store/local/outcome.hpp"

#include <cerrno>

namespace statusfs {

StoreResult outcome_of(const std::system_error& error) {
  switch (error.code().value()) {
    case ENOSPC:
      return {StoreStatus::no_space, error.what()};
    case EDQUOT:
      return {StoreStatus::quota, error.what()};
    case EFBIG:  // RLIMIT_FSIZE, or more than the file system takes
      return {StoreStatus::too_large, error.what()};
    default:
      return {StoreStatus::failed, error.what()};
  }
}

bool may_pass(const std::system_error& error) {
  switch (error.code().value()) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EIO:
    case ETXTBSY:
      return true;
    default:
      return false;
  }
}

}  // namespace statusfs
