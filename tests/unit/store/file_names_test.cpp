// What the files of a SOURCE are called.
#include "fs/store/file_names.hpp"

#include <gtest/gtest.h>

namespace statusfs {
namespace {

TEST(FileNames, OfStatusFilesAndTheirPlans) {
  EXPECT_EQ(stem_of("exec_status_a_1.txt"), "exec_status_a_1");
  for (const char* name : {"exec_status_.txt", "exec_status_1.txt.journal", "exec_plan_1.txt", "exec_status_1", ""})
    EXPECT_FALSE(stem_of(name)) << name;
  EXPECT_EQ(file_name_of("exec_status_1"), "exec_status_1.txt");
  EXPECT_TRUE(is_plan_name("exec_plan_a_1.txt"));
  for (const char* name : {"exec_plan_.txt", "exec_plan_1/2.txt", "exec_status_1.txt", "exec_plan_1"})
    EXPECT_FALSE(is_plan_name(name)) << name;
  EXPECT_EQ(plan_name_of_stem("exec_status_a_1"), "exec_plan_a_1.txt");
  EXPECT_EQ(stem_of_plan("exec_plan_a_1.txt"), "exec_status_a_1");
}

TEST(FileNames, OfWhatStandsBesideAStatusFile) {
  EXPECT_EQ(journal_of("/a/exec_status_1.txt"), "/a/exec_status_1.txt.journal");
  EXPECT_EQ(without_journal_suffix(journal_of("x")), "x");
  EXPECT_EQ(without_journal_suffix("x.txt"), "x.txt");
  EXPECT_EQ(closed_journal_directory("x"), "x.journal.d");
  EXPECT_EQ(foreign_copy_of("x.txt", 12), "x.txt.foreign-12");
  EXPECT_EQ(number_of_foreign_copy("x.txt.foreign-12"), "12");
}

}  // namespace
}  // namespace statusfs
