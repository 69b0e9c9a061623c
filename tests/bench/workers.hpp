// Runs one round of a job in several processes that start together, each on its CPU.
#pragma once

#include <sched.h>

#include <cstdint>
#include <string>
#include <vector>

#include "operations.hpp"

namespace statusfs::bench {

enum class Placement { kSame, kAcross, kFree };

// Clients and servers on one CPU, or clients on the first and servers on the second, or wherever the kernel likes.
struct CpuPlan {
  cpu_set_t clients;
  cpu_set_t servers;
};

// From the CPUs this process may use now. Throws std::runtime_error if two are needed and there is only one.
CpuPlan plan_cpus(Placement placement);

// Moves every thread of these processes. Threads that they start later inherit it.
void pin_processes(const std::vector<int>& pids, const cpu_set_t& cpus);

struct RoundResult {
  std::vector<std::int64_t> latencies;  // nanoseconds for each operation, or one mean for each worker of a loop
  std::int64_t elapsed = 0;             // from the first start to the last end
  std::uint64_t operations = 0;
  std::uint64_t failures = 0;
  std::string first_failure;
};

// Blocks until all workers ended; each begins no further operation after limit nanoseconds (a loop of its own goes on).
// first_value differs from round to round so that values go on changing.
RoundResult run_round(const Job& job, const cpu_set_t& cpus, std::uint64_t first_value, std::int64_t limit);

}  // namespace statusfs::bench
