// Counters of a mount, as Prometheus text.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace statusfs {

/// Thread safety: any thread.
class Metrics {
 public:
  void count_mutations(std::uint64_t count) { mutations_ += count; }
  void count_refusal(const std::string& errno_name);
  void count_rule(const std::string& rule, bool refused);
  void observe_commit(std::chrono::nanoseconds duration, std::size_t group_size);
  void handle_opened() { ++open_handles_; }
  void handle_closed() { --open_handles_; }

  /// Values that are counted when they are asked for.
  struct Gauges {
    std::size_t files = 0;
    std::size_t loaded_files = 0;
    std::size_t active_locks = 0;
    std::size_t blocked_tasks = 0;
  };
  std::string text(const Gauges& gauges) const;

 private:
  static constexpr std::array<double, 12> latency_bounds{0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005,
                                                         0.01,   0.02,   0.05,   0.1,   0.5,   1.0};  // seconds
  static constexpr std::array<std::size_t, 8> size_bounds{1, 2, 4, 8, 16, 32, 64, 128};

  std::atomic<std::uint64_t> mutations_{0};
  std::atomic<std::int64_t> open_handles_{0};

  mutable std::mutex mutex_;  // guards all below; innermost
  std::map<std::string, std::uint64_t> refusals_;
  std::map<std::pair<std::string, bool>, std::uint64_t> rules_;
  std::array<std::uint64_t, latency_bounds.size() + 1> latencies_{};
  double latency_sum_ = 0;
  std::array<std::uint64_t, size_bounds.size() + 1> sizes_{};
  std::uint64_t size_sum_ = 0;
  std::uint64_t commits_ = 0;
};

}  // namespace statusfs
