// One thing that is measured: prepared once in each worker process, then run many times.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace statusfs::bench {

// A line of the benchmark's input (see field_bench.cpp).
struct Job {
  std::string series;
  std::string operation;
  std::string size;
  unsigned processes = 1;
  std::uint64_t operations = 1;  // in a round, shared out among the processes
  std::vector<std::string> arguments;
};

// Gives numbers that no two callers get, also across processes; in memory shared by all workers.
class SharedCounter {
 public:
  virtual ~SharedCounter() = default;
  virtual std::uint64_t next(std::size_t slot) = 0;
};

class Operation {
 public:
  virtual ~Operation() = default;
  // Does it once; throws std::runtime_error when it fails. Returns the nanoseconds it took.
  virtual std::int64_t run() = 0;
  // Does it count times in one go where the operation is a loop of its own; returns the nanoseconds of all.
  virtual std::int64_t run_all(std::uint64_t count);
  // True if only run_all makes sense.
  virtual bool is_loop() const { return false; }
};

// The operation of a job as worker number `worker` sees it. Throws std::invalid_argument for an unknown one.
std::unique_ptr<Operation> make_operation(const Job& job, unsigned worker, SharedCounter& counter);

// One line of help for each kind of operation.
const char* operation_help();

}  // namespace statusfs::bench
