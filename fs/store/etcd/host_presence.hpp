// Says in etcd that this host is mounted, for as long as it lives.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "fs/store/etcd/etcd_client.hpp"

namespace statusfs {

/// Keeps a lease alive, to which the host's key is bound: it goes when the host does. Where another mount that lives
/// has the key, "-2", "-3" and so on stands behind ours, until a smaller one is free: after a crash that is as soon as
/// the lease from before has run out.
///
/// Thread safety: any thread; start() and stop() one thread.
class HostPresence {
 public:
  /// `text` is what others read of this host. `client` must outlive this.
  HostPresence(EtcdClient& client, std::string key, std::string text);
  ~HostPresence();

  void start();
  /// Takes the key away.
  void stop();

  /// 0 where there is none now.
  std::int64_t lease() const noexcept { return lease_; }

  static constexpr std::chrono::seconds time_to_live{6};

 private:
  void run();
  void keep_alive();
  bool has_lease();
  void hold_key();
  bool take(const std::string& key);
  std::string key_number(int number) const;

  EtcdClient& client_;
  const std::string key_;
  const std::string text_;
  std::atomic<std::int64_t> lease_{0};
  // The presence's thread alone.
  std::string held_key_;            // as far as is known; empty: none
  std::int64_t held_revision_ = 0;  // of it

  std::mutex mutex_;  // guards is_stopping_; innermost
  std::condition_variable stopped_;
  bool is_stopping_ = false;
  std::thread thread_;
};

/// A host as others see it: one compact JSON object.
std::string host_text(const std::string& host, const std::string& statusfs_version,
                      std::chrono::system_clock::time_point since);

}  // namespace statusfs
