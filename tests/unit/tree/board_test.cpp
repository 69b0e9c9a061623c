#include "mapping/tree/board.hpp"

#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The sample in which "two" is ACTIVE and "three" has a value that the enum does not have.
StatusDocument board_sample() {
  return sample_after(R"([{"op":"replace","path":"/payload/tasks_status/1/status","value":"ACTIVE"},
                          {"op":"replace","path":"/payload/tasks_status/2/status","value":"ODD"}])");
}

TEST(BoardTest, HasAColumnForEachValueOfItsEnum) {
  const auto mapping = default_mapping();
  const Field& board = *mapping->top("by-status");
  EXPECT_EQ(&field_of_board(*mapping, board), mapping->collection->child("status"));
  EXPECT_THAT(columns_of(*mapping, board), ElementsAre("PENDING", "ACTIVE", "BLOCKED", "DONE", "FAILED", "SKIPPED"));
  EXPECT_EQ(column_value(*mapping, board, "BLOCKED"), "BLOCKED");
  EXPECT_EQ(column_value(*mapping, board, "ODD"), std::nullopt);
}

TEST(BoardTest, AValueThatIsNoFileNameIsEncoded) {
  std::string text(default_mapping()->text);
  const std::string from = "task_status: [PENDING,";
  text.replace(text.find(from), from.size(), "task_status: [a/b, PENDING,");
  const auto mapping = load_mapping(text, "odd_value.yaml");
  const Field& board = *mapping->top("by-status");
  EXPECT_EQ(columns_of(*mapping, board).front(), "a%2Fb");
  EXPECT_EQ(column_value(*mapping, board, "a%2Fb"), "a/b");
  EXPECT_EQ(column_value(*mapping, board, "a/b"), std::nullopt);
}

TEST(BoardTest, ListsTheTasksThatHaveTheValueNow) {
  const StatusDocument document = board_sample();
  const Field& board = *document.mapping().top("by-status");
  EXPECT_THAT(tasks_with(document, board, "PENDING"), ElementsAre("one"));
  EXPECT_THAT(tasks_with(document, board, "ACTIVE"), ElementsAre("two"));
  EXPECT_THAT(tasks_with(document, board, "DONE"), IsEmpty());
  EXPECT_TRUE(has_value(document, board, "ACTIVE", "two"));
  EXPECT_FALSE(has_value(document, board, "ACTIVE", "one"));
  EXPECT_FALSE(has_value(document, board, "ACTIVE", "gone"));
  EXPECT_THAT(tasks_with(sample_with("/status", "7"), board, "PENDING"), ElementsAre("two", "three"));
}

TEST(BoardTest, LinksLeadToTheTasksDirectory) {
  const StatusDocument document = board_sample();
  EXPECT_TRUE(is_board(node_at(document, "by-status")));
  EXPECT_FALSE(is_board(node_at(document, "tasks")));
  EXPECT_EQ(link_target(document.mapping(), "one"), "../../tasks/one");
  EXPECT_EQ(link_target(document.mapping(), "a/b"), "../../tasks/a%2Fb");
}

}  // namespace
}  // namespace statusfs
