#include "fs/engine/refusal.hpp"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

#include "fs/engine/refusal_log.hpp"
#include "tests/unit/expect_refused.hpp"

namespace statusfs {
namespace {

TEST(RefusalTest, EveryOutcomeOfAStoreHasItsCause) {
  const std::map<StoreStatus, Cause> causes{
      {StoreStatus::conflict, Cause::busy},     {StoreStatus::foreign, Cause::busy},
      {StoreStatus::busy, Cause::busy},         {StoreStatus::no_space, Cause::no_space},
      {StoreStatus::quota, Cause::quota},       {StoreStatus::failed, Cause::io_failure},
      {StoreStatus::lost, Cause::read_only},    {StoreStatus::too_large, Cause::too_large},
      {StoreStatus::refused, Cause::read_only}, {StoreStatus::gone, Cause::not_found},
  };
  for (int number = 1; number <= static_cast<int>(StoreStatus::gone); ++number) {
    const auto status = static_cast<StoreStatus>(number);
    ASSERT_TRUE(causes.contains(status)) << number;
    expect_refused(causes.at(status), {"the reason"}, [&] { throw rejection_of({status, "the reason"}); });
  }
}

TEST(RefusalTest, ALineIsTextWhateverAFileIsCalled) {
  RefusalLog log;
  log.add({"now", "EINVAL", "exec_status_\xff\xfe/st\natus", "P", 1, 2, 3, "caf\xc3\xa9 \xc3"});
  EXPECT_EQ("now EINVAL exec_status_%FF%FE/st?atus persona=P uid=1 pid=2: caf\xc3\xa9 %C3\n", log.text());
  EXPECT_EQ(log.text(), log.last_of(1, 3));
}

TEST(RefusalTest, AFailureWithoutAReasonSaysThatTheOutcomeIsUnknown) {
  expect_refused(Cause::io_failure, {"the outcome is unknown"}, [] { throw rejection_of({StoreStatus::failed, ""}); });
}

TEST(RefusalTest, WhateverIsThrownIsAnAnswer) {
  EXPECT_FALSE(refusal_of([] {}));
  const auto refused = refusal_of([] { throw Rejection(Cause::exists, "there is one"); });
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->cause(), Cause::exists);
  EXPECT_STREQ(refused->what(), "there is one");
  const auto failed = refusal_of([] { throw std::runtime_error("of another kind"); });
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->cause(), Cause::io_failure);
  EXPECT_STREQ(failed->what(), "internal failure: of another kind");
}

}  // namespace
}  // namespace statusfs
