// What the kernel holds, and what is found by its path.
#include "fs/fuse/inode_table.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace statusfs {
namespace {

class InodeTableTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Inode> look_up(const std::string& path) { return table_.look_up(path, AboutPlace{}); }
  std::shared_ptr<const Inode> look_up(const std::shared_ptr<ScratchFile>& file) {
    return table_.look_up(file->path(), ScratchPlace{file}, file->id());
  }

  InodeTable table_{RootPlace{}};
  ScratchTable scratch_;
};

TEST_F(InodeTableTest, APathHasOneInodeAsLongAsTheKernelHoldsIt) {
  const NodeId id = look_up("a")->id;
  EXPECT_EQ(id, look_up("a")->id);
  table_.forget(id, 1);
  EXPECT_EQ(id, table_.known("a"));
  table_.forget(id, 1);
  EXPECT_EQ(nullptr, table_.find(id));
  EXPECT_EQ(std::nullopt, table_.known("a"));
}

TEST_F(InodeTableTest, OfWhatIsGoneAnotherInodeHasThePathAndBothAreForgottenByThemselves) {
  const auto old = look_up("a");
  look_up("a");
  const NodeId gone[] = {old->id, root_id, 999};
  table_.set_gone(gone);
  EXPECT_EQ(std::nullopt, table_.known("a"));
  ASSERT_NE(nullptr, table_.find(old->id)) << "the kernel holds it";
  EXPECT_TRUE(table_.find(old->id)->is_second) << "announcements do not reach it";
  EXPECT_EQ(root_id, table_.known("")) << "the root is never gone";

  const auto again = look_up("a");
  EXPECT_NE(old->id, again->id);
  EXPECT_EQ(old->number, again->number);
  EXPECT_FALSE(again->is_second);
  table_.forget(old->id, 1);
  EXPECT_NE(nullptr, table_.find(old->id));
  table_.forget(old->id, 1);
  EXPECT_EQ(nullptr, table_.find(old->id));
  EXPECT_EQ(again->id, table_.known("a"));
  table_.forget(again->id, 1);
  EXPECT_EQ(std::nullopt, table_.known("a"));
}

TEST_F(InodeTableTest, AScratchFileHasANumberOfItsOwn) {
  const auto first = scratch_.create("a", {});
  scratch_.move("a", "b");
  const auto second = scratch_.create("a", {});
  const auto inode = look_up(first);
  EXPECT_NE(inode->number, look_up(second)->number);
  EXPECT_NE(inode->number, look_up("a")->number);
  EXPECT_EQ(inode->id, look_up(first)->id);
}

TEST_F(InodeTableTest, AScratchFileThatBecameAFieldIsNotThePathsOwnInode) {
  const auto inode = look_up(scratch_.create("a", {}));
  const auto field = look_up("field");
  table_.become(inode->id, "field", AboutPlace{});
  EXPECT_EQ(field->number, table_.find(inode->id)->number);
  EXPECT_EQ(field->id, table_.known("field"));
  table_.forget(inode->id, 1);
  EXPECT_EQ(nullptr, table_.find(inode->id));
  EXPECT_EQ(field->id, table_.known("field"));
}

TEST_F(InodeTableTest, WhatIsBelowAPathIsFoundWithoutItsNeighbours) {
  for (const char* path : {"a", "a/b", "a/b/c", "a-b", "a.b", "a/b-c", "a/bc", "ab"}) look_up(path);
  const auto paths_of = [](const std::vector<std::shared_ptr<const Inode>>& inodes) {
    std::multiset<std::string> paths;
    for (const auto& inode : inodes) paths.insert(inode->path);
    return paths;
  };
  using Found = std::multiset<std::string>;
  EXPECT_EQ((Found{"a/b", "a/b/c"}), paths_of(table_.known_below("a/b")));
  EXPECT_EQ((Found{"a", "a/b", "a/b/c", "a/b-c", "a/bc"}), paths_of(table_.known_below("a")));
  EXPECT_EQ(9u, table_.known_below("").size()) << "with the root";
  EXPECT_EQ(Found(), paths_of(table_.known_below("b")));
  EXPECT_EQ((Found{"a/b", "a/b/c", "ab"}), paths_of(table_.known_below(InodeTable::Paths{"a/b", "a/b/c", "ab"})))
      << "each once";
}

TEST_F(InodeTableTest, WhatIsBelowAPathIsWhatTheKernelHoldsThere) {
  const auto gone = look_up("a/b");
  table_.set_gone({{gone->id}});
  const auto again = look_up("a/b");
  const auto scratch = look_up(scratch_.create("a/scratch", {}));
  table_.become(scratch->id, "c/field", AboutPlace{});
  EXPECT_EQ(2u, table_.known_below("a").size());
  EXPECT_EQ(1u, table_.known_below("c").size());
  for (const NodeId id : {gone->id, again->id, scratch->id}) table_.forget(id, 1);
  EXPECT_EQ(1u, table_.known_below("").size()) << "the root alone";
}

// Each of them looked at for each other one would take longer than a test may.
TEST_F(InodeTableTest, ManyDirectoriesThatGoOneByOneAreFoundAtOnce) {
  constexpr int count = 50'000;
  for (int number = 0; number < count; ++number) look_up("file/tasks/" + std::to_string(number) + "/status");
  for (int number = 0; number < count; ++number)
    ASSERT_EQ(1u, table_.known_below(InodeTable::Paths{"file/tasks/" + std::to_string(number)}).size());
}

}  // namespace
}  // namespace statusfs
