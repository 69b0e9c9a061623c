// Whether a quorum of the cluster answers us.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "fs/store/etcd/etcd_client.hpp"

namespace statusfs {

/// Asks by linearizable reads of one key, which only a quorum can answer. Whoever is about to write relies on every
/// other such answer, too, while it is young. Besides it is asked regularly, whatever else is answered: of the member
/// that the next request would go to it is then known that it lives.
///
/// Thread safety: any thread; start() and stop() one thread. The callbacks run on the monitor's thread unless they say
/// otherwise, with no lock held.
class QuorumMonitor {
 public:
  struct Events {
    std::function<void(const std::string& reason)> lost;
    /// Finds out what became of transactions that nobody answered, as far as there are some. Called again and again;
    /// after a loss writes are taken again once it returns true.
    std::function<bool()> find_out;
    std::function<void()> recovered;                              ///< writes are taken again
    std::function<void(const EtcdRangeResult& answer)> answered;  ///< what the key held; on the thread that asked
  };

  /// `client` must outlive this.
  QuorumMonitor(EtcdClient& client, std::string key, Events events);
  ~QuorumMonitor();

  /// Begins to watch over the connection.
  void start();
  /// Afterwards no callback runs on the monitor's thread.
  void stop();

  bool is_lost() const;
  std::string reason() const;

  /// A quorum answered something that was asked after `asked`.
  void prove(std::chrono::steady_clock::time_point asked);
  /// Whether a quorum answers now: true at once where one answered within `proof_lasts`; else it is asked, for at most
  /// `patience`.
  bool ask();

  static constexpr std::chrono::milliseconds proof_lasts{20};
  static constexpr std::chrono::milliseconds patience{2200};

 private:
  using Clock = std::chrono::steady_clock;
  bool ask_now();
  void run();
  void set_lost(const std::string& reason);

  EtcdClient& client_;
  const std::string key_;
  const Events events_;

  mutable std::mutex mutex_;  // guards all below; innermost
  std::condition_variable changed_;
  Clock::time_point proved_{};
  std::string lost_because_;  // empty: a quorum answers
  bool is_lost_told_ = false;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace statusfs
