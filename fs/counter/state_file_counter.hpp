// The global counter in a state file (-o state=FILE), which other programs may use at the same time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>

#include "fs/counter/global_counter.hpp"
#include "fs/counter/state_file.hpp"

namespace statusfs {

/// A lease holds the state file's locks until it is committed or dropped, so there is one at a time, in all programs;
/// the others wait as long as the patience lasts.
class StateFileCounter final : public GlobalCounter {
 public:
  /// Reads the file once. Throws StateFileError with the reason why it cannot be used, and Rejection(busy).
  explicit StateFileCounter(std::filesystem::path file, std::chrono::milliseconds patience = std::chrono::seconds(5));

  std::unique_ptr<Lease> begin() override;
  void raise(std::int64_t g) override;

 private:
  using Clock = LockedStateFile::Clock;
  class StateFileLease;
  class Turn;

  std::unique_ptr<Lease> new_lease();
  void take_turn(Clock::time_point deadline);
  void leave_turn() noexcept;
  std::int64_t floor() const;

  const std::filesystem::path file_;
  const std::chrono::milliseconds patience_;

  /// Guards what follows. Held for moments only: never while a lock of the state file is waited for.
  mutable std::mutex mutex_;
  std::condition_variable turn_left_;
  bool is_turn_taken_ = false;
  std::int64_t floor_ = 0;            ///< the largest number that was drawn here or raised to
  Clock::time_point busy_since_{};    ///< when the locks were last taken after having been free for a while
  Clock::time_point turn_left_at_{};  ///< when they were last let go
};

}  // namespace statusfs
