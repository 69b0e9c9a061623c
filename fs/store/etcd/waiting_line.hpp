// The line in which hosts wait for their turn to write, first come first.
//
// Hosts that write at once would make each other's work worthless: one transaction goes through, the others are judged
// and stamped anew. So a host that lost puts its key below P/waiting/, in the transaction that lost, and hosts draw
// numbers only while nobody is before them. Who learns that it lost before it has sent anything, and that again, puts
// its key alone: the larger a document, the longer what is new takes to be taken over, and the surer others write
// meanwhile. Nothing depends on the line but time: who writes is decided by what a transaction compares.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace statusfs {

/// What a transaction of ours does with our place.
struct LineChange {
  std::int64_t lease = 0;    ///< that a place goes with; 0: there is none now, and no place is taken
  bool goes_to_end = false;  ///< with success a place is taken behind all others
  bool leaves = false;       ///< with success the place is given up
};

/// What is known of the line from the watch and from our own transactions.
/// Thread safety: none; its owner guards it.
class WaitingLine {
 public:
  using Clock = std::chrono::steady_clock;
  /// Who is first and writes nothing for so long is passed over until it joins anew: it may have died. Longer where
  /// transactions take long, and twice as long for each time that it was passed over and came back: it is slow.
  static constexpr std::chrono::milliseconds shortest_patience{100};

  explicit WaitingLine(std::string own_key) : own_key_(std::move(own_key)) {}

  /// Somebody joined, or went to the end, in this revision. What is older than what is known is passed over.
  void joined(const std::string& key, std::int64_t revision, Clock::time_point now);
  void left(const std::string& key, std::int64_t revision, Clock::time_point now);
  /// News of others were missed.
  void forget_others(Clock::time_point now);
  /// How long a transaction took: one of another host may take as long.
  void transaction_took(Clock::duration time);
  /// How long is waited for who is first, the first time.
  Clock::duration patience() const { return patience_; }

  // Our own transactions.
  /// While others write, too, a place is taken for what comes next.
  LineChange change(std::int64_t lease, Clock::time_point now);
  void won(const LineChange& change, std::int64_t revision, Clock::time_point now);
  void lost(const LineChange& change, std::int64_t revision, Clock::time_point now);
  /// Known before anything was sent.
  void lost_unsent(Clock::time_point now);
  void joined_alone(std::int64_t revision, Clock::time_point now) { joined(own_key_, revision, now); }
  void left_alone(std::int64_t revision, Clock::time_point now) { left(own_key_, revision, now); }
  /// Joining or leaving alone failed: it is not due again for a while.
  void could_not_change(Clock::time_point now) { changes_again_at_ = now + shortest_patience; }

  bool are_we_in() const { return places_.contains(own_key_); }
  /// Who are not passed over.
  std::size_t others() const;
  /// Nobody is before us.
  bool is_our_turn(Clock::time_point now);
  /// When is_our_turn() should be asked again, though nothing is heard; nothing where it is our turn.
  std::optional<Clock::time_point> turn_of_other_ends() const;
  /// Whoever wants to write and has no place should join alone: several others would go round for ever, while one other
  /// is done before we would be in. Also whoever loses again and again before it sends; with a place, too, for it is
  /// passed over then.
  bool is_joining_due(Clock::time_point now) const;
  /// Whoever has nothing to write keeps others back.
  bool is_leaving_due(Clock::time_point now);

 private:
  struct Place {
    std::int64_t revision = 0;  // of the key: the smaller, the further before
    bool is_passed_over = false;
    int times_too_slow = 0;  // that it was passed over and joined anew, without having left
  };
  using Places = std::map<std::string, Place>;
  Places::iterator first();
  void note_first(Clock::time_point now);
  Clock::time_point turn_ends() const;

  const std::string own_key_;
  Places places_;
  std::int64_t own_revision_ = 0;  // of our own last change, which the watch tells late
  std::string first_key_;          // empty: nobody waits
  std::int64_t first_revision_ = 0;
  Clock::time_point first_since_{};
  Clock::duration patience_ = shortest_patience;
  Clock::time_point contended_until_{};  // others write, too, as far as is known
  Clock::time_point changes_again_at_{};
  int losses_unsent_ = 0;  // since we won, or took a place
};

}  // namespace statusfs
