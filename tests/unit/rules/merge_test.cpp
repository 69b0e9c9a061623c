#include "mapping/rules/merge.hpp"

#include <gtest/gtest.h>

#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

StatusDocument with_new_task(const std::string& note) {
  return sample_after(R"([{"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"new",
      "execution_log":{"retry_attempts_log":[{"note":")" +
                      note + R"("}]}}}])");
}

TEST(MergeTest, ATaskThatBothAddedKeepsTheEntriesOfBoth) {
  for (const Side side : {Side::ours, Side::theirs}) {
    const MergeResult result = merge(sample(), with_new_task("a"), with_new_task("b"), side);
    EXPECT_EQ(compact(*find(result.root, Pointer::parse("/payload/tasks_status/3/execution_log/retry_attempts_log"))),
              R"([{"note":"a"},{"note":"b"}])");
  }
}

}  // namespace
}  // namespace statusfs
