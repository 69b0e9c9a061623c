#include "fs/store/etcd/waiting_line.hpp"

#include <algorithm>

namespace statusfs {
namespace {

constexpr int transactions_a_turn =
    4;  // it is heard of, what is asked is judged, the transaction, and that is heard of

}  // namespace

void WaitingLine::joined(const std::string& key, std::int64_t revision, Clock::time_point now) {
  if (key == own_key_) {
    if (revision <= own_revision_) return;
    own_revision_ = revision;
  }
  Place& place = places_[key];
  if (revision > place.revision) place = {revision, false};
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

void WaitingLine::forget(Clock::time_point now) {
  places_.clear();
  note_first(now);
}

void WaitingLine::transaction_took(Clock::duration time) {
  patience_ = std::max<Clock::duration>(shortest_patience, time * transactions_a_turn);
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

bool WaitingLine::is_our_turn(Clock::time_point now) {
  while (!first_key_.empty() && first_key_ != own_key_) {
    if (now < first_since_ + patience_) return false;
    places_.at(first_key_).is_passed_over = true;
    note_first(now);
  }
  return true;
}

std::optional<WaitingLine::Clock::time_point> WaitingLine::turn_of_other_ends() const {
  if (first_key_.empty() || first_key_ == own_key_) return std::nullopt;
  return first_since_ + patience_;
}

}  // namespace statusfs
