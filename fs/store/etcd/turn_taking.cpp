#include "fs/store/etcd/turn_taking.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace statusfs {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr unsigned losses_before_a_turn = 3;
constexpr unsigned most_doublings = 5;
constexpr microseconds shortest_backoff{250}, longest_backoff{8000};
constexpr milliseconds patience{2000};

}  // namespace

TurnTaking::TurnTaking(EtcdClient& client, CommitKeys keys, std::function<std::int64_t()> lease)
    : client_(client), keys_(std::move(keys)), lease_(std::move(lease)) {}

void TurnTaking::won() {
  losses_ = 0;
  has_asked_ = false;
}

void TurnTaking::lost() {
  ++losses_;
  if (losses_ == losses_before_a_turn) ask_for_a_turn();
  pause();
}

void TurnTaking::pause() {
  const auto longest = std::min(longest_backoff, shortest_backoff * (1 << std::min(losses_, most_doublings)));
  std::this_thread::sleep_for(microseconds(std::uniform_int_distribution<std::int64_t>(0, longest.count())(random_)));
}

void TurnTaking::end_turn_with(EtcdTransaction& transaction) const {
  if (has_asked_) transaction.deletes.push_back({keys_.waiting + keys_.host});
}

void TurnTaking::ask_for_a_turn() try {
  const std::int64_t lease = lease_();
  if (lease == 0) return;
  EtcdTransaction transaction;
  transaction.puts.push_back({keys_.waiting + keys_.host, {}, lease});
  client_.transact(transaction, patience);
  has_asked_ = true;
} catch (const EtcdError&) {
  return;  // without it we only wait longer
}

}  // namespace statusfs
