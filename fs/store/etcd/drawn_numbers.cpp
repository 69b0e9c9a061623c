#include "fs/store/etcd/drawn_numbers.hpp"

#include <algorithm>

#include "mapping/rejection.hpp"

namespace statusfs {

void DrawnNumbers::open_lease(bool are_all_sent) {
  is_lease_open_ = true;
  // Nobody has numbers that are not durable: the newest that was heard of is the base.
  if (owed_.empty() && are_all_sent) next_ = std::max(next_, durable_ + 1);
}

std::int64_t DrawnNumbers::draw(std::uint64_t epoch) {
  if (epoch != epoch_) return worthless;
  if (next_ >= worthless) throw Rejection(Cause::read_only, "the global counter has no number left");
  return next_++;
}

void DrawnNumbers::promise(std::uint64_t epoch, NumberRange range) {
  is_lease_open_ = false;
  if (epoch == epoch_ && !range.is_empty()) owed_.emplace(range.first, range.last);
}

void DrawnNumbers::give_back(std::uint64_t epoch, NumberRange range) {
  is_lease_open_ = false;
  if (epoch == epoch_ && !range.is_empty()) next_ = range.first;
}

bool DrawnNumbers::is_owed(std::uint64_t epoch, NumberRange range) const {
  const auto found = owed_.find(range.first);
  return epoch == epoch_ && found != owed_.end() && found->second == range.last;
}

bool DrawnNumbers::is_one_owed_before(std::int64_t number) const {
  return !owed_.empty() && owed_.begin()->first < number;
}

bool DrawnNumbers::hand_in(NumberRange range) {
  if (!is_owed(epoch_, range)) return false;
  owed_.erase(range.first);
  return true;
}

void DrawnNumbers::end_epoch() {
  ++epoch_;
  owed_.clear();
  next_ = durable_ + 1;
}

void DrawnNumbers::written(std::int64_t last, std::int64_t revision) {
  if (revision <= revision_) return;
  revision_ = revision;
  durable_ = last;
}

void DrawnNumbers::seen(std::int64_t value, std::int64_t revision, bool are_all_sent) {
  if (revision <= revision_) return;
  revision_ = revision;
  durable_ = std::max(durable_, value);  // a smaller one is not ours, and no number comes again
  if (owed_.empty() && are_all_sent && !is_lease_open_) next_ = durable_ + 1;
}

}  // namespace statusfs
