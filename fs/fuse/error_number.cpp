#include "fs/fuse/error_number.hpp"

#include <cerrno>
#include <cstring>

namespace statusfs {

int error_number_of(Cause cause) noexcept {
  switch (cause) {
    case Cause::read_only:
      return EROFS;
    case Cause::access_denied:
      return EACCES;
    case Cause::not_permitted:
      return EPERM;
    case Cause::stale:
      return ECANCELED;
    case Cause::invalid:
      return EINVAL;
    case Cause::too_large:
      return EFBIG;
    case Cause::name_too_long:
      return ENAMETOOLONG;
    case Cause::exists:
      return EEXIST;
    case Cause::not_found:
      return ENOENT;
    case Cause::busy:
      return EBUSY;
    case Cause::no_space:
      return ENOSPC;
    case Cause::quota:
      return EDQUOT;
    case Cause::io_failure:
      return EIO;
  }
  return EIO;
}

std::string name_of_error(int error_number) {
  const char* name = strerrorname_np(error_number);
  return name ? name : "E" + std::to_string(error_number);
}

}  // namespace statusfs
