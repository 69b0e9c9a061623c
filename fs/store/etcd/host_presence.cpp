#include "fs/store/etcd/host_presence.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "fs/store/timestamp.hpp"

namespace statusfs {
namespace {

constexpr std::chrono::milliseconds refresh_interval{2000};
constexpr std::chrono::milliseconds patience{1500};

}  // namespace

std::string host_text(const std::string& host, const std::string& statusfs_version,
                      std::chrono::system_clock::time_point since) {
  const nlohmann::ordered_json text{{"host", host},
                                    {"pid", ::getpid()},
                                    {"uid", ::getuid()},
                                    {"statusfs_version", statusfs_version},
                                    {"mounted_since", format_timestamp(since)}};
  return text.dump();
}

HostPresence::HostPresence(EtcdClient& client, std::string key, std::string text)
    : client_(client), key_(std::move(key)), text_(std::move(text)) {}

HostPresence::~HostPresence() { stop(); }

void HostPresence::start() {
  thread_ = std::thread([this] { run(); });
}

void HostPresence::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  stopped_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  try {
    if (lease_ != 0) client_.revoke_lease(lease_, std::chrono::milliseconds(500));
  } catch (const std::exception&) {
    return;  // it runs out by itself
  }
}

void HostPresence::keep_alive() try {
  if (has_lease()) hold_key();
} catch (const std::exception&) {
  return;  // tried again soon
}

bool HostPresence::has_lease() {
  if (lease_ != 0 && client_.keep_lease_alive(lease_, patience) > 0) return true;
  lease_ = 0;
  held_key_.clear();
  lease_ = client_.grant_lease(time_to_live, patience);
  return lease_ != 0;
}

std::string HostPresence::key_number(int number) const {
  return number == 1 ? key_ : key_ + "-" + std::to_string(number);
}

// Whatever became of our key, afterwards the smallest one that no other mount has is ours.
void HostPresence::hold_key() {
  for (int number = 1;; ++number) {
    const std::string key = key_number(number);
    const auto found = client_.range({key}, patience).entries;
    if (found.empty()) {
      if (take(key)) return;
    } else if (found.front().lease == lease_) {
      held_key_ = key;
      held_revision_ = found.front().modified;
      return;
    }
  }
}

// And gives up the one before it. False: somebody else was first.
bool HostPresence::take(const std::string& key) {
  EtcdTransaction transaction;
  transaction.compare.push_back({key, 0});
  transaction.puts.push_back({key, text_, lease_});
  if (!held_key_.empty() && held_key_ != key) {
    transaction.compare.push_back({held_key_, held_revision_});
    transaction.deletes.push_back({held_key_});
  }
  const EtcdTransactionResult result = client_.transact(transaction, patience);
  // What it compared may have changed under it; the next round sees how things are.
  held_key_ = result.succeeded ? key : std::string();
  held_revision_ = result.revision;
  return result.succeeded;
}

void HostPresence::run() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    lock.unlock();
    keep_alive();
    lock.lock();
    stopped_.wait_for(lock, refresh_interval, [this] { return is_stopping_; });
  }
}

}  // namespace statusfs
