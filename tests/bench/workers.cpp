#include "workers.hpp"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace statusfs::bench {
namespace {

constexpr std::size_t kSlots = 64;

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct WorkerResult {
  std::int64_t start;
  std::int64_t end;
  std::uint64_t done;
  std::uint64_t failures;
  char message[200];
};

// Lies in memory shared with the workers.
struct Shared {
  pthread_barrier_t barrier;
  std::atomic<std::uint64_t> counters[kSlots];
};

class SharedBlock {
 public:
  explicit SharedBlock(std::size_t size) : size_(size) {
    address_ = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (address_ == MAP_FAILED) throw std::bad_alloc();
  }
  ~SharedBlock() { munmap(address_, size_); }
  SharedBlock(const SharedBlock&) = delete;
  SharedBlock& operator=(const SharedBlock&) = delete;
  template <typename T>
  T* as() const {
    return static_cast<T*>(address_);
  }

 private:
  std::size_t size_;
  void* address_;
};

class Counters final : public SharedCounter {
 public:
  explicit Counters(Shared& shared) : shared_(shared) {}
  std::uint64_t next(std::size_t slot) override { return shared_.counters[slot % kSlots].fetch_add(1); }

 private:
  Shared& shared_;
};

// All that the workers of one round share with the parent.
class Round {
 public:
  Round(const Job& job, std::uint64_t first_value, std::int64_t limit)
      : job_(job),
        limit_(limit),
        share_(std::max<std::uint64_t>(job.operations / job.processes, 1)),
        shared_block_(sizeof(Shared)),
        results_block_(sizeof(WorkerResult) * job.processes),
        latencies_block_(sizeof(std::int64_t) * job.processes * share_),
        shared_(*new (shared_block_.as<void>()) Shared{}),
        results_(results_block_.as<WorkerResult>(), job.processes),
        latencies_(latencies_block_.as<std::int64_t>(), job.processes * share_) {
    for (auto& counter : shared_.counters) counter = first_value;
    pthread_barrierattr_t attributes;
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&shared_.barrier, &attributes, job.processes);
    pthread_barrierattr_destroy(&attributes);
  }

  void work(unsigned worker) {
    WorkerResult& result = results_[worker];
    Counters counters(shared_);
    std::unique_ptr<Operation> operation = prepare(worker, counters, result);
    pthread_barrier_wait(&shared_.barrier);
    result.start = now();
    if (operation) measure(*operation, worker, result);
    result.end = now();
  }

  RoundResult collect() const {
    RoundResult total;
    std::int64_t start = results_.front().start;
    std::int64_t end = 0;
    for (unsigned worker = 0; worker < job_.processes; ++worker) {
      const WorkerResult& result = results_[worker];
      start = std::min(start, result.start);
      end = std::max(end, result.end);
      add(total, worker, result);
    }
    total.elapsed = end - start;
    return total;
  }

 private:
  std::unique_ptr<Operation> prepare(unsigned worker, Counters& counters, WorkerResult& result) {
    try {
      return make_operation(job_, worker, counters);
    } catch (const std::exception& error) {
      note(result, error);
      return nullptr;
    }
  }

  void measure(Operation& operation, unsigned worker, WorkerResult& result) {
    const auto own = latencies_.subspan(worker * share_, share_);
    try {
      if (operation.is_loop()) {
        own[0] = operation.run_all(share_) / static_cast<std::int64_t>(share_);
        result.done = share_;
      } else {
        const std::int64_t end = result.start + limit_;
        for (; result.done < share_ && now() < end; ++result.done) own[result.done] = operation.run();
      }
    } catch (const std::exception& error) {
      note(result, error);
    }
  }

  static void note(WorkerResult& result, const std::exception& error) {
    ++result.failures;
    std::snprintf(result.message, sizeof result.message, "%s", error.what());
  }

  void add(RoundResult& total, unsigned worker, const WorkerResult& result) const {
    const bool is_loop = job_.operation == "shell";
    const std::uint64_t measured = is_loop ? std::min<std::uint64_t>(result.done, 1) : result.done;
    const auto own = latencies_.subspan(worker * share_, measured);
    total.latencies.insert(total.latencies.end(), own.begin(), own.end());
    total.operations += result.done;
    total.failures += result.failures;
    if (result.failures > 0 && total.first_failure.empty()) total.first_failure = result.message;
  }

  const Job& job_;
  const std::int64_t limit_;
  const std::uint64_t share_;
  SharedBlock shared_block_;
  SharedBlock results_block_;
  SharedBlock latencies_block_;
  Shared& shared_;
  std::span<WorkerResult> results_;
  std::span<std::int64_t> latencies_;
};

pid_t start_worker(Round& round, unsigned worker, const cpu_set_t& cpus) {
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  sched_setaffinity(0, sizeof cpus, &cpus);
  round.work(worker);
  _exit(0);
}

void kill_and_reap(const std::vector<pid_t>& workers) {
  for (const pid_t worker : workers) kill(worker, SIGKILL);
  for (const pid_t worker : workers) waitpid(worker, nullptr, 0);
}

// A worker that died without a word counts as failed. The others may wait for it at the barrier, so they end too.
bool reap(std::vector<pid_t>& workers) {
  while (!workers.empty()) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, 0);
    if (ended < 0 && errno != EINTR) return false;
    if (ended < 0) continue;
    std::erase(workers, ended);
    if (status != 0) return false;
  }
  return true;
}

}  // namespace

CpuPlan plan_cpus(Placement placement) {
  CpuPlan plan{};
  cpu_set_t allowed;
  sched_getaffinity(0, sizeof allowed, &allowed);
  if (placement == Placement::kFree) return {allowed, allowed};
  std::vector<int> numbers;
  for (int cpu = 0; cpu < CPU_SETSIZE && numbers.size() < 2; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) numbers.push_back(cpu);
  }
  if (placement == Placement::kAcross && numbers.size() < 2) throw std::runtime_error("across needs two CPUs");
  CPU_SET(numbers.front(), &plan.clients);
  CPU_SET(placement == Placement::kAcross ? numbers.back() : numbers.front(), &plan.servers);
  return plan;
}

void pin_processes(const std::vector<int>& pids, const cpu_set_t& cpus) {
  for (const int pid : pids) {
    std::error_code gone;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone)) {
      sched_setaffinity(std::stoi(thread.path().filename().string()), sizeof cpus, &cpus);
    }
    if (gone) throw std::runtime_error("no process " + std::to_string(pid) + " to place");
  }
}

RoundResult run_round(const Job& job, const cpu_set_t& cpus, std::uint64_t first_value, std::int64_t limit) {
  Round round(job, first_value, limit);
  std::vector<pid_t> workers;
  for (unsigned worker = 0; worker < job.processes; ++worker) {
    const pid_t child = start_worker(round, worker, cpus);
    if (child < 0) {
      kill_and_reap(workers);
      throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
    }
    workers.push_back(child);
  }
  if (!reap(workers)) {
    kill_and_reap(workers);
    throw std::runtime_error("a worker of " + job.series + " died");
  }
  return round.collect();
}

}  // namespace statusfs::bench
