// -o: our own options, those of mount(8), and those that fstab alone knows.
#include "fs/cli/mount_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace statusfs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
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
  for (const std::string option : {"usr", "owner=me", "ro=1", "umask", "umask=999", "config=", "allow_other"}) {
    try {
      read_mount_options({option});
      ADD_FAILURE() << option;
    } catch (const OptionError& error) {
      EXPECT_THAT(error.what(), HasSubstr("-o " + option.substr(0, option.find('=')) + " "));
    }
  }
}

TEST(MountOptions, ACacheIsASizeInBytesOrWithAUnit) {
  const auto cache = [](const char* text) { return read_mount_options({std::string("cache=") + text}).cache.value(); };
  EXPECT_EQ(cache("1073741824"), std::uint64_t{1} << 30);
  EXPECT_EQ(cache("500K"), std::uint64_t{500} << 10);
  EXPECT_EQ(cache("64M"), std::uint64_t{64} << 20);
  EXPECT_EQ(cache("1G"), std::uint64_t{1} << 30);
  EXPECT_EQ(cache("9223372036854775807"), std::uint64_t{9223372036854775807});
  for (const char* text :
       {"cache=0", "cache=G", "cache=1X", "cache=1GG", "cache=-1", "cache=9223372036854775808", "cache=9000000000G"})
    EXPECT_THROW(read_mount_options({text}), OptionError) << text;
}

TEST(MountOptions, ThreadsAreANumberFromOneToAHundred) {
  EXPECT_EQ(read_mount_options({"rw"}).max_threads, std::nullopt);
  EXPECT_EQ(read_mount_options({"max_threads=1"}).max_threads, 1U);
  EXPECT_EQ(read_mount_options({"max_threads=100"}).max_threads, 100U);
  for (const std::string text : {"0", "101", "-1", "x", "4x", "0x4", "+4", " 4", "1.5", "999999999", "4294967297",
                                 "99999999999999999999", "000", ""})
    EXPECT_THROW(read_mount_options({"max_threads=" + text}), OptionError) << text;
  EXPECT_THROW(read_mount_options({"max_threads"}), OptionError);
}

TEST(EtcdOptions, AreTakenAndNoOthers) {
  const EtcdSettings settings = read_etcd_options({"user=ada,passwordfile=p", "cacert=a,cert=b,key=c,host=h"});
  EXPECT_EQ(settings.user, "ada");
  EXPECT_EQ(settings.password_file, "p");
  EXPECT_EQ(settings.key, "c");
  for (const char* option : {"cache=1G", "ro", "user", "nofail", "x-systemd.automount", "colour=red", "key="})
    EXPECT_THROW(read_etcd_options({option}), OptionError) << option;
}

}  // namespace
}  // namespace statusfs
