// When something that could not be done is tried again, and whether its failure is news.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace statusfs {

/// The pause before each attempt is twice the one before, up to `longest_pause`. The first failure is told, and so is
/// the success after it; what fails in between is not.
///
/// Thread safety: one thread at a time.
class RetrySchedule {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds first_pause{100};
  static constexpr std::chrono::seconds longest_pause{5};

  /// When the next attempt is; nothing where none is due.
  std::optional<Time> next_attempt() const noexcept { return attempt_at_; }
  /// The attempt is being made: none follows it unless it fails.
  void attempt() noexcept { attempt_at_.reset(); }

  /// It failed. Whether to tell. While an attempt is still to come this changes nothing.
  bool failed(Time now) {
    if (attempt_at_ && *attempt_at_ > now) return false;
    pause_ = std::clamp<Duration>(2 * pause_, first_pause, longest_pause);
    attempt_at_ = now + pause_;
    return !std::exchange(is_told_, true);
  }
  /// It went well. Whether to tell: its failure was.
  bool succeeded() {
    attempt_at_.reset();
    pause_ = {};
    return std::exchange(is_told_, false);
  }

 private:
  std::optional<Time> attempt_at_;
  Duration pause_{};  ///< before that attempt
  bool is_told_ = false;
};

}  // namespace statusfs
