// Paths in the tree, and what they mean in the history of a file.
#include "mapping/chain/history_target.hpp"

#include <gtest/gtest.h>

#include "mapping/tree/names.hpp"
#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

TEST(HistoryTargetTest, UnknownKeysAreFoundWhereTheTreeShowsThem) {
  const StatusDocument document = sample_after(R"([{"op":"add","path":"/payload/extra","value":1}])");
  const HistoryTarget target = history_target(document.mapping(), document.root(), "extra");
  EXPECT_EQ(target.pointer.text(), "/payload/extra");
  EXPECT_EQ(path_in_tree(document.mapping(), {}, target.pointer), "extra");
}

TEST(HistoryTargetTest, CutNamesMeanTheTasksThatBearThem) {
  const std::string id(300, 'x');
  const StatusDocument document =
      sample_after(R"([{"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":")" + id + R"("}}])");
  EXPECT_EQ(history_target(document.mapping(), document.root(), "tasks/" + encode_name(id) + "/status").task, id);
}

TEST(HistoryTargetTest, TheFirstListOfTasksTouchesThoseInIt) {
  const StatusDocument document = sample();
  const HistoryChange change{{}, document.mapping().collection->pointer, {}, document.tasks(), false};
  EXPECT_TRUE(touches(document.mapping(), change, {"one", Pointer()}));
  EXPECT_FALSE(touches(document.mapping(), change, {"none", Pointer()}));
}

}  // namespace
}  // namespace statusfs
