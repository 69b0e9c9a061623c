#include "fs/store/local/lock_holder.hpp"

#include <gtest/gtest.h>
#include <sys/sysmacros.h>

namespace statusfs {
namespace {

TEST(LockHolder, IsFoundInTheKernelsTable) {
  constexpr std::string_view locks =
      "1: POSIX  ADVISORY  WRITE 11 08:01:5678 0 EOF\n"
      "2: FLOCK  ADVISORY  WRITE 22 08:02:5678 0 EOF\n"
      "3: FLOCK  ADVISORY  WRITE 33 08:01:5678 0 EOF\n"
      "3: -> FLOCK  ADVISORY  WRITE 44 08:01:5678 0 EOF\n";
  EXPECT_EQ(flock_holder_in(locks, makedev(8, 1), 5678), 33);
  EXPECT_EQ(flock_holder_in(locks, makedev(9, 9), 5678), 33) << "another device number than in stat(2)";
  EXPECT_EQ(flock_holder_in(locks, makedev(8, 1), 1), std::nullopt);
  EXPECT_EQ(flock_holder_in("", makedev(8, 1), 5678), std::nullopt);
}

}  // namespace
}  // namespace statusfs
