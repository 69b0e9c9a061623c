// Numbers of the global counter that were drawn ahead of the transactions that make them durable.
//
// Those of a lease follow on those of the lease before, whether that is durable yet or not. When a transaction does not
// go through, all numbers drawn ahead are worthless: an epoch ends.
#pragma once

#include <cstdint>
#include <map>

#include "fs/counter/global_counter.hpp"

namespace statusfs {

/// What a lease drew.
struct NumberRange {
  std::int64_t first = 0, last = 0;  ///< 0: nothing was drawn
  bool is_empty() const noexcept { return first == 0; }
};

/// "Sent" are numbers that a transaction took; until then they are drawn, promised by the lease that drew them, and
/// handed in with what they are for.
///
/// Thread safety: none; its owner guards it.
class DrawnNumbers {
 public:
  /// Whoever draws when his epoch has ended gets this one, and again and again. Nobody is ever owed it: a number that
  /// may be drawn in the new epoch, too, would be handed in as that one, and stand in several records.
  static constexpr std::int64_t worthless = largest_g;

  /// The newest number that is known to be durable.
  std::int64_t durable() const noexcept { return durable_; }
  /// Of the counter's key; 0: there is none.
  std::int64_t revision() const noexcept { return revision_; }
  std::uint64_t epoch() const noexcept { return epoch_; }

  bool is_lease_open() const noexcept { return is_lease_open_; }
  /// Precondition: none is open. `are_all_sent`: of those that were handed in.
  void open_lease(bool are_all_sent);
  /// Throws Rejection(read_only) when there is none left. In an epoch that ended: `worthless`.
  std::int64_t draw(std::uint64_t epoch);
  /// The open lease ends; what it drew will be handed in.
  void promise(std::uint64_t epoch, NumberRange range);
  /// The open lease ends without; nobody drew after it.
  void give_back(std::uint64_t epoch, NumberRange range);
  /// Whether the numbers were promised in this epoch and not handed in. If they never will be, those behind them are
  /// worthless, and the epoch has to end.
  bool is_owed(std::uint64_t epoch, NumberRange range) const;
  bool is_one_owed_before(std::int64_t number) const;
  bool are_some_owed() const noexcept { return !owed_.empty(); }

  /// False: the numbers are worthless. Some of an epoch that ended may be the same as promised ones of this epoch; then
  /// whoever comes first takes them, for those who drew them all have them once each.
  bool hand_in(NumberRange range);
  void end_epoch();

  /// A transaction of ours put the counter. An older state is passed over, as in seen().
  void written(std::int64_t last, std::int64_t revision);
  /// The counter as it was read or watched.
  void seen(std::int64_t value, std::int64_t revision, bool are_all_sent);
  /// Somebody deleted the counter: it goes on from the largest number that was heard of.
  void counter_is_gone() noexcept { revision_ = 0; }

 private:
  std::int64_t durable_ = 0;
  std::int64_t revision_ = 0;
  std::int64_t next_ = 1;  // to be drawn
  std::uint64_t epoch_ = 0;
  bool is_lease_open_ = false;
  std::map<std::int64_t, std::int64_t> owed_;  // promised in this epoch and not handed in: first and last
};

}  // namespace statusfs
