// What is thrown for a mapping that cannot be used.
#pragma once

#include <stdexcept>

namespace statusfs {

/// what() is "FILE:LINE: what is wrong and what would be accepted".
class MappingError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace statusfs
