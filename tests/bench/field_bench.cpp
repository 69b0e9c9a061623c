// bench_field: measures jobs side by side. It reads jobs from standard input, one a line, members separated by tabs:
//
//   series  operation  size  processes  operations  argument...
//
// and runs them in turn, round after round, so that a change of the machine's mood meets all of them alike.
// For each job it prints one line of CSV: the median of the rounds' medians, the 99th percentile of all operations,
// the lowest and highest round median, and the median of the rounds' operations per second.

#include <getopt.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "operations.hpp"
#include "workers.hpp"

namespace {

using statusfs::bench::CpuPlan;
using statusfs::bench::Job;
using statusfs::bench::Placement;
using statusfs::bench::RoundResult;

struct Options {
  std::string group = "bench";
  std::string placement_name = "free";
  Placement placement = Placement::kFree;
  unsigned rounds = 5;
  double seconds = 1e6;
  double job_seconds = 1e6;
  std::vector<int> servers;
  bool header = false;
};

constexpr const char* kUsage =
    "usage: bench_field [--group NAME] [--placement same|across|free] [--rounds N] [--seconds S]\n"
    "                   [--job-seconds S] [--server PID]... [--header] < JOBS\n"
    "--seconds starts no further job when they have passed, but one round is always run; --job-seconds ends a job's\n"
    "part of a round early. --server names the daemons that --placement moves.\n"
    "A job is: series, operation, size, processes, operations, argument..., with tabs:\n";

// What the rounds of one job gave.
class Series {
 public:
  explicit Series(Job job) : job_(std::move(job)) {}

  const Job& job() const { return job_; }
  bool has_failed() const { return failures_ > 0; }

  void add(RoundResult round) {
    failures_ += round.failures;
    operations_ += round.operations;
    if (!round.first_failure.empty())
      std::cerr << "bench_field: " << job_.series << ": " << round.first_failure << '\n';
    if (round.latencies.empty()) return;
    medians_.push_back(percentile(round.latencies, 0.5));
    rates_.push_back(static_cast<double>(round.operations) * 1e9 /
                     static_cast<double>(std::max<std::int64_t>(round.elapsed, 1)));
    all_.insert(all_.end(), round.latencies.begin(), round.latencies.end());
  }

  void print(const Options& options) const {
    if (medians_.empty() || has_failed()) return;
    const auto [low, high] = std::minmax_element(medians_.begin(), medians_.end());
    std::printf("%s,%s,%s,%s,%s,%u,%zu,%llu,us,%.2f,%.2f,%.2f,%.2f,%.1f\n", options.group.c_str(), job_.series.c_str(),
                job_.operation.c_str(), job_.size.c_str(), options.placement_name.c_str(), job_.processes,
                medians_.size(), static_cast<unsigned long long>(operations_), microseconds(percentile(medians_, 0.5)),
                microseconds(percentile(all_, 0.99)), microseconds(*low), microseconds(*high), percentile(rates_, 0.5));
    std::fflush(stdout);
  }

 private:
  template <typename T>
  static T percentile(std::vector<T> values, double part) {
    const auto index = static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5);
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index), values.end());
    return values[index];
  }
  static double microseconds(std::int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1000.0; }

  Job job_;
  std::vector<std::int64_t> medians_;
  std::vector<double> rates_;
  std::vector<std::int64_t> all_;
  std::uint64_t operations_ = 0;
  std::uint64_t failures_ = 0;
};

Placement parse_placement(std::string_view name) {
  if (name == "same") return Placement::kSame;
  if (name == "across") return Placement::kAcross;
  if (name == "free") return Placement::kFree;
  throw std::invalid_argument("--placement: same, across or free");
}

void set_option(Options& options, int letter, const char* argument) {
  switch (letter) {
    case 'g':
      options.group = argument;
      break;
    case 'p':
      options.placement_name = argument;
      options.placement = parse_placement(argument);
      break;
    case 'r':
      options.rounds = static_cast<unsigned>(std::stoul(argument));
      break;
    case 's':
      options.seconds = std::stod(argument);
      break;
    case 'j':
      options.job_seconds = std::stod(argument);
      break;
    case 'd':
      options.servers.push_back(std::stoi(argument));
      break;
    case 'e':
      options.header = true;
      break;
    default:
      throw std::invalid_argument("unknown option");
  }
}

Options parse_options(int count, char** arguments) {
  static const option kLong[] = {{"group", required_argument, nullptr, 'g'},
                                 {"placement", required_argument, nullptr, 'p'},
                                 {"rounds", required_argument, nullptr, 'r'},
                                 {"seconds", required_argument, nullptr, 's'},
                                 {"job-seconds", required_argument, nullptr, 'j'},
                                 {"server", required_argument, nullptr, 'd'},
                                 {"header", no_argument, nullptr, 'e'},
                                 {nullptr, 0, nullptr, 0}};
  Options options;
  for (int letter = 0; (letter = getopt_long(count, arguments, "", kLong, nullptr)) != -1;) {
    set_option(options, letter, optarg);
  }
  if (optind != count || options.rounds == 0) throw std::invalid_argument("jobs come from standard input");
  return options;
}

Job parse_job(const std::string& line) {
  std::vector<std::string> members;
  std::istringstream stream(line);
  for (std::string member; std::getline(stream, member, '\t');) members.push_back(member);
  if (members.size() < 6) throw std::invalid_argument("not a job: " + line);
  Job job{members[0], members[1], members[2], static_cast<unsigned>(std::stoul(members[3])), std::stoull(members[4]),
          {}};
  job.arguments.assign(members.begin() + 5, members.end());
  if (job.processes == 0 || job.operations == 0) throw std::invalid_argument("nothing to do: " + line);
  return job;
}

std::vector<Series> read_jobs() {
  std::vector<Series> all;
  for (std::string line; std::getline(std::cin, line);) {
    if (!line.empty()) all.emplace_back(parse_job(line));
  }
  return all;
}

void run_rounds(const Options& options, std::vector<Series>& all) {
  const CpuPlan cpus = statusfs::bench::plan_cpus(options.placement);
  statusfs::bench::pin_processes(options.servers, cpus.servers);
  const auto limit = static_cast<std::int64_t>(options.job_seconds * 1e9);
  const auto start = std::chrono::steady_clock::now();
  auto first_value = static_cast<std::uint64_t>(start.time_since_epoch().count() / 1000);
  for (unsigned round = 0; round < options.rounds; ++round) {
    for (Series& series : all) {
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
      if (round > 0 && elapsed.count() > options.seconds) return;
      if (series.has_failed()) continue;
      series.add(statusfs::bench::run_round(series.job(), cpus.clients, first_value, limit));
      first_value += series.job().operations + 1;
    }
  }
}

}  // namespace

int main(int count, char** arguments) try {
  const Options options = parse_options(count, arguments);
  if (options.header) {
    std::puts("group,series,operation,size,placement,processes,rounds,operations,unit,median,p99,low,high,per_second");
  }
  std::vector<Series> all = read_jobs();
  run_rounds(options, all);
  for (const Series& series : all) series.print(options);
  return std::any_of(all.begin(), all.end(), [](const Series& series) { return series.has_failed(); }) ? 2 : 0;
} catch (const std::invalid_argument& error) {
  std::cerr << "bench_field: " << error.what() << '\n' << kUsage << statusfs::bench::operation_help();
  return 1;
} catch (const std::exception& error) {
  std::cerr << "bench_field: " << error.what() << '\n';
  return 2;
}
