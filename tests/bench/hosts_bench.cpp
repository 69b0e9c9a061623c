// Measures durable writes through several mounts on etcd beside small puts on the same cluster, in the same run.
//   bench_hosts ETCD_URL SECONDS MOUNT...
// A transaction of what one mutation compares and puts, beside them, is what a mutation that is alone in its
// transaction can reach at most: its keys are the writer's own, so that none waits for another. Prints CSV: series,
// writers, operations a second, median and 99th percentile in microseconds. Run by scripts/bench-hosts, which makes the
// cluster, the mounts, and the status files: exec_status_1000 with the tasks t0 to t63, and exec_status_1001 to _1064
// with t0.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "fs/store/etcd/etcd_address.hpp"
#include "fs/store/etcd/etcd_client.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using Operation = std::function<void(std::size_t writer, std::size_t round)>;

struct Latencies {
  std::vector<double> microseconds;
  double seconds = 0;
  double percentile(double part) {
    if (microseconds.empty()) return 0;
    std::ranges::sort(microseconds);
    return microseconds[std::min(microseconds.size() - 1,
                                 static_cast<std::size_t>(part * static_cast<double>(microseconds.size())))];
  }
  double rate() const { return static_cast<double>(microseconds.size()) / seconds; }
};

Latencies measure(std::size_t writers, double seconds, const Operation& operation) {
  Latencies all;
  std::mutex mutex;
  std::atomic<bool> is_over{false};
  std::vector<std::thread> threads;
  const auto began = Clock::now();
  for (std::size_t writer = 0; writer < writers; ++writer)
    threads.emplace_back([&, writer] {
      std::vector<double> own;
      for (std::size_t round = 0; !is_over; ++round) {
        const auto start = Clock::now();
        operation(writer, round);
        own.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
      }
      const std::lock_guard lock(mutex);
      all.microseconds.insert(all.microseconds.end(), own.begin(), own.end());
    });
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  all.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  return all;
}

void write_value(const std::string& path, const std::string& value) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  const bool is_written = file >= 0 && ::write(file, value.data(), value.size()) == static_cast<ssize_t>(value.size());
  const int error = errno;
  if (file >= 0) ::close(file);
  if (!is_written) throw std::runtime_error(path + ": " + std::to_string(error));
}

std::string read_value(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  char buffer[64];
  const ssize_t size = file < 0 ? -1 : ::read(file, buffer, sizeof buffer);
  if (file >= 0) ::close(file);
  return size < 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(size));
}

std::string field(const std::string& mount, std::size_t file, std::size_t task) {
  return mount + "/exec_status_" + std::to_string(file) + "/tasks/t" + std::to_string(task) + "/percent_complete";
}

// Another value each time, so that each write is a mutation.
std::string value_of(std::size_t round) { return std::to_string(round % 99) + "\n"; }

// Two comparisons that hold, and what is put: a record, a head, and the counter.
statusfs::EtcdTransaction mutation_transaction(const std::string& prefix, std::size_t round) {
  constexpr std::size_t record_size = 1500, head_size = 500;
  const std::string number = std::to_string(round);
  statusfs::EtcdTransaction transaction;
  transaction.compare = {{prefix + "/none", 0}, {prefix + "/none either", 0}};
  transaction.puts = {{prefix + "/record/" + number, std::string(record_size, 'x')},
                      {prefix + "/head", std::string(head_size, 'x') + number},
                      {prefix + "/counter", number}};
  transaction.otherwise = {{prefix + "/counter"}, {prefix + "/head"}, {prefix + "/record/" + number}};
  return transaction;
}

void print(const std::string& series, std::size_t writers, Latencies result) {
  std::printf("%s,%zu,%.1f,%.0f,%.0f\n", series.c_str(), writers, result.rate(), result.percentile(0.5),
              result.percentile(0.99));
  std::fflush(stdout);
}

constexpr std::chrono::seconds visibility_limit{10};

Latencies visibility(const std::string& writer, const std::string& reader, std::size_t rounds) {
  Latencies result;
  const auto began = Clock::now();
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::string value = value_of(round + 1);
    write_value(field(writer, 1001, 0), value);
    const auto written = Clock::now();
    while (read_value(field(reader, 1001, 0)) != value)
      if (Clock::now() - written > visibility_limit) throw std::runtime_error("a write is not seen on the other host");
    result.microseconds.push_back(std::chrono::duration<double, std::micro>(Clock::now() - written).count());
  }
  result.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  return result;
}

}  // namespace

int main(int count, char** words) try {
  if (count < 5) throw std::runtime_error("usage: bench_hosts ETCD_URL SECONDS MOUNT MOUNT...");
  const double seconds = std::atof(words[2]);
  const std::vector<std::string> mounts(words + 3, words + count);
  statusfs::EtcdAccess access;
  access.endpoints = statusfs::EtcdAddress::of(words[1]).endpoints;
  statusfs::EtcdClient client(access);
  const auto mount_of = [&](std::size_t writer) { return mounts[writer % mounts.size()]; };
  std::printf("series,writers,per_second,median_us,p99_us\n");
  for (const std::size_t writers : {1, 8, 64}) {
    print("etcd small puts", writers, measure(writers, seconds, [&](std::size_t writer, std::size_t round) {
            statusfs::EtcdTransaction put;
            put.puts.push_back({"/bench/" + std::to_string(writer), std::string(256, 'x') + std::to_string(round)});
            client.transact(put);
          }));
    print("etcd, a mutation's transaction", writers,
          measure(writers, seconds, [&](std::size_t writer, std::size_t round) {
            client.transact(mutation_transaction("/bench/" + std::to_string(writer), round));
          }));
    print("statusfs, a file each", writers, measure(writers, seconds, [&](std::size_t writer, std::size_t round) {
            write_value(field(mount_of(writer), 1001 + writer, 0), value_of(round + 1));
          }));
    print("statusfs, one hot file", writers, measure(writers, seconds, [&](std::size_t writer, std::size_t round) {
            write_value(field(mount_of(writer), 1000, writer), value_of(round + 1));
          }));
  }
  print("visible on another host", 1, visibility(mounts[0], mounts[1], 300));
  print("read a field", 1,
        measure(1, seconds, [&](std::size_t, std::size_t) { read_value(field(mounts[0], 1001, 0)); }));
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_hosts: %s\n", error.what());
  return 1;
}
