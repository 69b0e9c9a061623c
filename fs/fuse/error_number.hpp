// The one place where a cause becomes an errno (contract of errors: README, "Errors").
#pragma once

#include <string>

#include "mapping/rejection.hpp"

namespace statusfs {

int error_number_of(Cause cause) noexcept;

/// "EINVAL" and so on; "E<number>" for numbers that statusfs never answers.
std::string name_of_error(int error_number);

}  // namespace statusfs
