// An ext4 file system in a file of its own, on a loop device: small enough to be full, and one that can lose its power.
#pragma once

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {

/// Mounted as long as the object lives. Needs root, the kernel's loop driver and ext4; throws std::runtime_error that
/// says what is missing.
class LoopFileSystem {
 public:
  LoopFileSystem(const Path& image, const Path& place, std::size_t megabytes);
  ~LoopFileSystem();
  LoopFileSystem(const LoopFileSystem&) = delete;
  LoopFileSystem& operator=(const LoopFileSystem&) = delete;

  /// Stops the file system at once, without writing its log: what was not synced is lost (EXT4_IOC_SHUTDOWN).
  void lose_power() const;
  /// Unmounts, which needs that nobody has a file open there, and mounts again, as after a restart.
  void restart();

 private:
  void mount();
  void unmount();

  const Path image_, place_;
  bool is_mounted_ = false;
};

}  // namespace statusfs::test
