#include "fs/identity/trace_context.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace statusfs {
namespace {

const std::string trace_id = "0af7651916cd43dd8448eb211c80319c";
const std::string parent_id = "b7ad6b7169203331";
const std::string valid = "00-" + trace_id + "-" + parent_id + "-01";

std::string zeros(std::size_t count) { return std::string(count, '0'); }

TEST(TraceContext, TakesTheTraceIdOfAValidHeader) {
  EXPECT_EQ(trace_id_of(valid), trace_id);
  EXPECT_EQ(trace_id_of("00-" + trace_id + "-" + parent_id + "-00"), trace_id);
  EXPECT_EQ(trace_id_of("00-" + trace_id + "-" + parent_id + "-ff"), trace_id);
}

TEST(TraceContext, TakesHigherVersionsThatBeginAsVersionZeroDoes) {
  EXPECT_EQ(trace_id_of("01" + valid.substr(2)), trace_id);
  EXPECT_EQ(trace_id_of("cc" + valid.substr(2) + "-what-the-future-brings"), trace_id);
  EXPECT_EQ(trace_id_of("fe" + valid.substr(2) + "-"), trace_id);
}

TEST(TraceContext, RefusesEverythingElse) {
  const std::string refused[] = {
      "",
      "00",
      valid.substr(0, 54),
      valid + "-",
      valid + "-00",
      valid + "\n",
      " " + valid,
      "0" + valid,
      "ff" + valid.substr(2),
      "FF" + valid.substr(2),
      "0g" + valid.substr(2),
      "0A" + valid.substr(2),
      "01" + valid.substr(2) + "x",
      "01" + valid.substr(2) + ".future",
      "00_" + trace_id + "-" + parent_id + "-01",
      "00-" + trace_id + "_" + parent_id + "-01",
      "00-" + trace_id + "-" + parent_id + "_01",
      "00-" + zeros(32) + "-" + parent_id + "-01",
      "00-" + trace_id + "-" + zeros(16) + "-01",
      "00-" + trace_id.substr(1) + "A-" + parent_id + "-01",
      "00-" + trace_id.substr(1) + "g-" + parent_id + "-01",
      "00-" + trace_id.substr(1) + "--" + parent_id + "-01",
      "00-" + trace_id + "-" + parent_id.substr(1) + "B-01",
      "00-" + trace_id + "-" + parent_id.substr(1) + " -01",
      "00-" + trace_id + "-" + parent_id + "-0A",
      "00-" + trace_id + "-" + parent_id + "-0x",
      "00-" + trace_id + "-" + parent_id + "-0" + std::string(1, '\0'),
  };
  for (const std::string& text : refused) EXPECT_EQ(trace_id_of(text), std::nullopt) << text;
}

TEST(TraceContext, MakesIdsThatAreValidAndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = new_trace_id();
    EXPECT_EQ(trace_id_of("00-" + id + "-" + parent_id + "-01"), id);
    EXPECT_TRUE(seen.insert(id).second) << id;
  }
}

}  // namespace
}  // namespace statusfs
