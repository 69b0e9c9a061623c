// When the JSON is written, and when the lock beside it is let go.
//
// Measured against what writing the JSON took last ("cost"), so that a large file costs no more than a tenth of the
// time, and another program never waits longer than section 7 of the contract says.
#pragma once

#include <algorithm>
#include <chrono>

namespace statusfs {

struct HoldPolicy {
  using Duration = std::chrono::steady_clock::duration;
  using Time = std::chrono::steady_clock::time_point;

  Duration follow = std::chrono::milliseconds(50);  ///< the JSON is this far behind at most, or ten times its cost
  Duration linger =
      std::chrono::milliseconds(20);  ///< held so long after the last commit, in case that another one comes
  Duration judging = std::chrono::milliseconds(500);  ///< the same after a foreign change was looked at, until it is
                                                      ///< decided what becomes of it: the next one must not come before
  Duration longest = std::chrono::seconds(1);         ///< one hold, or twice the cost
  Duration rest = std::chrono::milliseconds(10);      ///< the lock is free for others between two holds
  Duration margin = std::chrono::milliseconds(10);    ///< for being woken late

  /// When to begin to write, so that it is written in time.
  Time write_due(Time first_unwritten, Duration cost) const {
    const Duration allowed = std::max(follow, 10 * cost);
    return first_unwritten + std::max(allowed - 2 * cost - margin, Duration::zero());
  }

  /// When to stop taking commits and to write for the last time, so that the hold ends in time.
  Time drain_due(Time held_since, Duration cost) const {
    return held_since + std::max(longest, 2 * cost) - cost - cost / 4 - margin;
  }

  /// Whether a write that begins now must be the last one: another one would end too late.
  bool must_drain(Time now, Time held_since, Duration cost) const { return now + cost >= drain_due(held_since, cost); }
};

}  // namespace statusfs
