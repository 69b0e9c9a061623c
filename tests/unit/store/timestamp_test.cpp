#include "fs/store/timestamp.hpp"

#include <gtest/gtest.h>

#include <ctime>

namespace statusfs {
namespace {

TEST(Timestamp, IsReadAsItIsWritten) {
  const auto time = std::chrono::system_clock::from_time_t(1749470400) + std::chrono::microseconds(123456);
  EXPECT_EQ(format_timestamp(time), "2025-06-09T12:00:00.123456Z");
  EXPECT_EQ(parse_timestamp("2025-06-09T12:00:00.123456Z"), time);
  EXPECT_EQ(parse_timestamp("2025-06-09T12:00:00.1234569Z"), time);
  EXPECT_EQ(parse_timestamp("2025-06-09T12:00:00Z"), std::chrono::system_clock::from_time_t(1749470400));
}

// Beside the C library.
TEST(Timestamp, EveryDayIsTheCalendars) {
  constexpr std::time_t a_day_and_some = 86400 + 3671, end = 4102444800;  // of 2100
  for (std::time_t at = 0; at < end; at += a_day_and_some) {
    std::tm parts{};
    ::gmtime_r(&at, &parts);
    char expected[40];
    std::strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.000007Z", &parts);
    const auto time = std::chrono::system_clock::from_time_t(at) + std::chrono::microseconds(7);
    ASSERT_EQ(format_timestamp(time), expected);
    ASSERT_EQ(parse_timestamp(expected), time) << expected;
  }
}

TEST(Timestamp, RefusesOtherText) {
  for (const char* text :
       {"", "now", "2025-06-09", "2025-06-09T12:00:00", "2025-06-09T12:00:00.Z", "2025-06-09T12:00:00Zx",
        "2025-13-01T12:00:00Z", "2025-00-01T12:00:00Z", "2025-02-29T12:00:00Z", "2025-06-31T12:00:00Z",
        "2025-06-09T24:00:00Z", "2025-06-09T12:60:00Z", "2025-06-09T12:00:61Z"})
    EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
}

}  // namespace
}  // namespace statusfs
