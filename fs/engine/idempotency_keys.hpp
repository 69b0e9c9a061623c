// The idempotency keys of one status file that are still remembered: those of the last 24 hours, at most the last
// 10,000.
//
// What the journal bears is read when a key is asked for the first time, so that files without keys cost nothing, and
// from its end, so that no more of it is read than is remembered.
//
// Thread safety: one thread at a time, the commit thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "fs/store/store.hpp"
#include "mapping/rules/write_request.hpp"

namespace statusfs {

class IdempotencyKeys final : public IdempotencyMemory {
 public:
  using Time = std::chrono::system_clock::time_point;
  static constexpr std::chrono::hours longest_time{24};
  static constexpr std::size_t most_keys = 10'000;

  /// The store must outlive this.
  explicit IdempotencyKeys(Store& store) : store_(store) {}

  /// Also keys that were added and not confirmed yet: whoever repeats such a request must wait for the same commit.
  /// Throws Rejection(io_failure) where the journal cannot be read.
  std::optional<std::string> find(std::uint32_t uid, std::string_view path, std::string_view key) const override;

  /// A request succeeded, once its commit does.
  void add(std::uint32_t uid, std::string_view path, const IdempotencyMark& mark, Time time);
  void confirm() { unconfirmed_.clear(); }  ///< what was added is durable
  void take_back();                         ///< what was added since the last confirm() did not become durable
  /// The journal may have got other lines: it is read anew. What has no line in it (a request that changed nothing)
  /// stays.
  void read_again();

 private:
  struct Entry {
    std::string request_hash;
    Time time;
    std::uint64_t number = 0;  // of its place in order_
  };

  void fill() const;
  bool take_record(std::string_view line, Time oldest, std::vector<std::pair<std::string, Entry>>& newest_first) const;
  void insert(std::string id, Entry entry) const;

  Store& store_;
  // Filled by the first find(), which changes nothing that could be seen.
  mutable bool is_filled_ = false;
  mutable std::unordered_map<std::string, Entry> entries_;
  mutable std::deque<std::pair<std::uint64_t, std::string>> order_;  // oldest first; an id may stand twice
  mutable std::uint64_t next_number_ = 0;
  std::vector<std::string> unconfirmed_;
};

}  // namespace statusfs
