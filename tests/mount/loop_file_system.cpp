#include "tests/mount/loop_file_system.hpp"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace statusfs::test {
namespace {

// linux/ext4.h is not among the headers that programs see.
constexpr unsigned long ext4_shutdown = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t without_flushing_the_log = 2;

constexpr unsigned loop_major = 7;
constexpr unsigned misc_major = 10;
constexpr unsigned loop_control = 237;

[[noreturn]] void refuse(const std::string& what) {
  throw std::runtime_error(
      what + ": " + std::strerror(errno) +
      ". This test needs root and a loop device: CAP_SYS_ADMIN and CAP_MKNOD, the kernel's loop "
      "driver (modprobe loop), /dev/loop-control (mknod /dev/loop-control c 10 237), and the right to "
      "mount ext4");
}

void make_node(const std::string& path, mode_t type, dev_t device) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return;
  if (::mknod(path.c_str(), type | 0600, device) != 0) refuse("cannot make " + path);
}

// A bare root has no udev: the kernel's devices are there, but not their names.
void make_loop_device() {
  make_node("/dev/loop-control", S_IFCHR, makedev(misc_major, loop_control));
  const int control = ::open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0) refuse("cannot open /dev/loop-control");
  const int number = ::ioctl(control, LOOP_CTL_GET_FREE);
  ::close(control);
  if (number < 0) refuse("there is no free loop device");
  make_node("/dev/loop" + std::to_string(number), S_IFBLK, makedev(loop_major, static_cast<unsigned>(number)));
}

void run(const Arguments& arguments) {
  const CommandResult result = run_command(arguments);
  if (result.exit_status != 0) throw std::runtime_error(arguments.front() + ": " + result.error);
}

}  // namespace

LoopFileSystem::LoopFileSystem(const Path& image, const Path& place, std::size_t megabytes)
    : image_(image), place_(place) {
  if (::geteuid() != 0) {
    errno = EPERM;
    refuse("not root");
  }
  put_file(image_, "");
  std::filesystem::resize_file(image_, megabytes * 1024 * 1024);
  run({"mkfs.ext4", "-q", "-F", image_.string()});
  std::filesystem::create_directories(place_);
  mount();
}

LoopFileSystem::~LoopFileSystem() {
  if (is_mounted_) run_command({"umount", "-l", place_.string()});
}

void LoopFileSystem::mount() {
  // Others take loop devices, too: between asking for a free one and taking it.
  CommandResult result;
  for (int attempt = 0; attempt < 5; ++attempt) {
    make_loop_device();
    result = run_command({"mount", "-t", "ext4", "-o", "loop", image_.string(), place_.string()});
    is_mounted_ = result.exit_status == 0;
    if (is_mounted_) return;
  }
  errno = EIO;
  refuse("mount: " + result.error);
}

void LoopFileSystem::unmount() {
  run({"umount", place_.string()});
  is_mounted_ = false;
}

void LoopFileSystem::lose_power() const {
  const int directory = ::open(place_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) refuse("cannot open " + place_.string());
  std::uint32_t how = without_flushing_the_log;
  const int result = ::ioctl(directory, ext4_shutdown, &how);
  ::close(directory);
  if (result != 0) refuse("EXT4_IOC_SHUTDOWN");
}

void LoopFileSystem::restart() {
  unmount();
  mount();
}

}  // namespace statusfs::test
