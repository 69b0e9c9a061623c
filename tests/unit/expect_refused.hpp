// What a test expects of an action that must be refused.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "mapping/rejection.hpp"

namespace statusfs {

/// Runs the action and expects that it is refused for this cause, with these parts in the sentence.
template <typename Action>
void expect_refused(Cause cause, const std::vector<std::string>& parts, const Action& action) {
  try {
    action();
    ADD_FAILURE() << "nothing was refused";
  } catch (const Rejection& rejection) {
    EXPECT_EQ(rejection.cause(), cause) << rejection.what();
    for (const std::string& part : parts) EXPECT_THAT(rejection.what(), testing::HasSubstr(part));
  }
}

}  // namespace statusfs
