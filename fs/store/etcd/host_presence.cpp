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
  if (lease_ != 0 && client_.keep_lease_alive(lease_, patience) > 0) return;
  lease_ = 0;
  const std::int64_t lease = client_.grant_lease(time_to_live, patience);
  EtcdTransaction transaction;
  transaction.puts.push_back({key_, text_, lease});
  client_.transact(transaction, patience);
  lease_ = lease;
} catch (const std::exception&) {
  return;  // tried again soon
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
