#include "fs/store/etcd/waiting_line.hpp"

#include <algorithm>

namespace statusfs {
namespace {

// It is heard of, what is asked is judged, the transaction, and that is heard of.
constexpr int transactions_a_turn = 4;
constexpr std::chrono::milliseconds contention_lasts{100};
constexpr int most_doublings = 3;
constexpr int losses_before_joining = 2;  // one may be by chance

}  // namespace

void WaitingLine::joined(const std::string& key, std::int64_t revision, Clock::time_point now) {
  if (key == own_key_) {
    if (revision <= own_revision_) return;
    own_revision_ = revision;
    losses_unsent_ = 0;
  }
  Place& place = places_[key];
  if (revision > place.revision) {
    if (place.is_passed_over) place.times_too_slow = std::min(place.times_too_slow + 1, most_doublings);
    place.is_passed_over = false;
    place.revision = revision;
  }
  note_first(now);
}

void WaitingLine::left(const std::string& key, std::int64_t revision, Clock::time_point now) {
  if (key == own_key_) {
    if (revision <= own_revision_) return;
    own_revision_ = revision;
  }
  const auto found = places_.find(key);
  if (found != places_.end() && found->second.revision < revision) places_.erase(found);
  note_first(now);
}

void WaitingLine::forget_others(Clock::time_point now) {
  std::erase_if(places_, [this](const auto& place) { return place.first != own_key_; });
  note_first(now);
}

void WaitingLine::transaction_took(Clock::duration time) {
  patience_ = std::max<Clock::duration>(shortest_patience, time * transactions_a_turn);
}

LineChange WaitingLine::change(std::int64_t lease, Clock::time_point now) {
  if (others() > 0) contended_until_ = now + contention_lasts;
  return {lease, lease != 0 && now < contended_until_, are_we_in()};
}

void WaitingLine::won(const LineChange& change, std::int64_t revision, Clock::time_point now) {
  losses_unsent_ = 0;
  if (change.goes_to_end)
    joined(own_key_, revision, now);
  else if (change.leaves)
    left(own_key_, revision, now);
}

void WaitingLine::lost(const LineChange& change, std::int64_t revision, Clock::time_point now) {
  contended_until_ = now + contention_lasts;
  if (change.lease != 0) joined(own_key_, revision, now);
}

void WaitingLine::lost_unsent(Clock::time_point now) {
  contended_until_ = now + contention_lasts;
  ++losses_unsent_;
}

std::size_t WaitingLine::others() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      places_, [this](const auto& place) { return place.first != own_key_ && !place.second.is_passed_over; }));
}

bool WaitingLine::is_joining_due(Clock::time_point now) const {
  const bool are_others_going_round = others() > 1 && !are_we_in();
  return (are_others_going_round || losses_unsent_ >= losses_before_joining) && now >= changes_again_at_;
}

bool WaitingLine::is_leaving_due(Clock::time_point now) {
  return are_we_in() && is_our_turn(now) && now >= changes_again_at_;
}

WaitingLine::Places::iterator WaitingLine::first() {
  auto result = places_.end();
  for (auto place = places_.begin(); place != places_.end(); ++place) {
    if (place->second.is_passed_over) continue;
    if (result == places_.end() || place->second.revision < result->second.revision) result = place;
  }
  return result;
}

void WaitingLine::note_first(Clock::time_point now) {
  const auto found = first();
  const std::string key = found == places_.end() ? std::string() : found->first;
  const std::int64_t revision = found == places_.end() ? 0 : found->second.revision;
  if (key == first_key_ && revision == first_revision_) return;
  first_key_ = key;
  first_revision_ = revision;
  first_since_ = now;
}

// Precondition: somebody is first.
WaitingLine::Clock::time_point WaitingLine::turn_ends() const {
  return first_since_ + patience_ * (1 << places_.at(first_key_).times_too_slow);
}

bool WaitingLine::is_our_turn(Clock::time_point now) {
  while (!first_key_.empty() && first_key_ != own_key_) {
    if (now < turn_ends()) return false;
    places_.at(first_key_).is_passed_over = true;
    note_first(now);
  }
  return true;
}

std::optional<WaitingLine::Clock::time_point> WaitingLine::turn_of_other_ends() const {
  if (first_key_.empty() || first_key_ == own_key_) return std::nullopt;
  return turn_ends();
}

}  // namespace statusfs
