#include "mapping/chain/derived_counts.hpp"

#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

TEST(DerivedCountsTest, FollowTheTasks) {
  const StatusDocument document =
      sample_after(R"([{"op":"replace","path":"/payload/tasks_status/0/status","value":"DONE"}])");
  const Field& field = *document.mapping().top("summary")->child("overall_completion_percentage");
  DerivedCounts counts(document);
  const auto value = [&](std::size_t tasks) { return counts.values(tasks).at(0).second; };
  EXPECT_EQ(derived_value(document, field), 33);
  EXPECT_EQ(value(3), 33);
  const Value pending = document.task(1), done = document.task(0);
  counts.task_changed(&pending, &done);
  EXPECT_EQ(value(3), 66);
  counts.task_changed(nullptr, &done);
  EXPECT_EQ(value(4), 75);
  counts.task_changed(&done, nullptr);
  counts.task_changed(&done, &pending);
  EXPECT_EQ(value(3), 33);
  EXPECT_EQ(value(0), 0);
}

}  // namespace
}  // namespace statusfs
