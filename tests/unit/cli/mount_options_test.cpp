// -o: our own options, those of mount(8), and those that fstab alone knows.
#include "fs/cli/mount_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace statusfs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(MountOptions, OfFstabArePassedOver) {
  const MountSettings settings = read_mount_options(
      {"noauto,user,users,nofail,_netdev,defaults,group,owner,relatime,lazytime,user=ada,x-systemd.automount,"
       "x-systemd.requires=/srv,X-mount.mkdir,comment=mine"});
  EXPECT_THAT(settings.kernel_options, IsEmpty());
  EXPECT_FALSE(settings.read_only);
}

TEST(MountOptions, OfTheKernelAreHandedOn) {
  const MountSettings settings = read_mount_options({"rw,nosuid,nodev", "noexec,noatime"});
  EXPECT_THAT(settings.kernel_options, ElementsAre("rw", "nosuid", "nodev", "noexec", "noatime"));
}

TEST(MountOptions, MayBeEmpty) { EXPECT_THAT(read_mount_options({"", ","}).kernel_options, IsEmpty()); }

TEST(MountOptions, ThatNobodyKnowsAreRefusedByName) {
  for (const char* option : {"usr", "owner=me", "ro=1", "umask", "umask=999", "config=", "allow_other"})
    EXPECT_THROW(read_mount_options({option}), OptionError) << option;
}

}  // namespace
}  // namespace statusfs
