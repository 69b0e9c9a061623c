// What a test expects of an action that the system must refuse.
#pragma once

#include <gtest/gtest.h>

#include <system_error>

namespace statusfs {

/// Runs the action and expects that it throws std::system_error with this errno.
template <typename Action>
void expect_errno(int expected, const Action& action) {
  try {
    action();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), expected) << error.what();
  }
}

}  // namespace statusfs
