#include "fs/engine/metrics.hpp"

#include <unistd.h>

#include <iomanip>
#include <limits>
#include <sstream>

namespace statusfs {
namespace {

template <typename Bounds, typename Counts, typename Value>
void observe(const Bounds& bounds, Counts& counts, Value value) {
  std::size_t bucket = 0;
  while (bucket < bounds.size() && value > bounds[bucket]) ++bucket;
  ++counts[bucket];
}

void describe(std::ostringstream& out, const char* name, const char* type, const char* help) {
  out << "# HELP " << name << ' ' << help << "\n# TYPE " << name << ' ' << type << '\n';
}

template <typename Number>
void single(std::ostringstream& out, const char* name, const char* type, const char* help, Number value) {
  describe(out, name, type, help);
  out << name << ' ' << value << '\n';
}

// A sum that was rounded to six digits would stand still between two readings.
template <typename Number>
std::string exact(Number number) {
  std::ostringstream text;
  text << std::setprecision(std::numeric_limits<Number>::max_digits10) << number;
  return text.str();
}

template <typename Bounds, typename Counts, typename Sum>
void histogram(std::ostringstream& out, const char* name, const char* help, const Bounds& bounds, const Counts& counts,
               Sum sum, std::uint64_t total) {
  describe(out, name, "histogram", help);
  std::uint64_t cumulative = 0;
  for (std::size_t bucket = 0; bucket < bounds.size(); ++bucket) {
    cumulative += counts[bucket];
    out << name << "_bucket{le=\"" << bounds[bucket] << "\"} " << cumulative << '\n';
  }
  out << name << "_bucket{le=\"+Inf\"} " << total << '\n'
      << name << "_sum " << exact(sum) << '\n'
      << name << "_count " << total << '\n';
}

}  // namespace

void Metrics::count_refusal(const std::string& errno_name) {
  const std::lock_guard lock(mutex_);
  ++refusals_[errno_name];
}

void Metrics::count_rule(const std::string& rule, bool refused) {
  const std::lock_guard lock(mutex_);
  ++rules_[{rule, refused}];
}

void Metrics::observe_commit(std::chrono::nanoseconds duration, std::size_t group_size) {
  const double seconds = std::chrono::duration<double>(duration).count();
  const std::lock_guard lock(mutex_);
  observe(latency_bounds, latencies_, seconds);
  observe(size_bounds, sizes_, group_size);
  latency_sum_ += seconds;
  size_sum_ += group_size;
  ++commits_;
}

std::string Metrics::text(const Gauges& gauges) const {
  std::ostringstream out;
  single(out, "statusfs_mutations_total", "counter", "Mutations made durable.", mutations_.load());
  single(out, "statusfs_process_id", "gauge", "The process that serves this mount.", getpid());
  single(out, "statusfs_open_handles", "gauge", "Files of the tree that are open.", open_handles_.load());
  single(out, "statusfs_files", "gauge", "Status files shown.", gauges.files);
  single(out, "statusfs_loaded_files", "gauge", "Status files that are held in memory.", gauges.loaded_files);
  single(out, "statusfs_active_locks", "gauge", "Locks that are set in loaded files.", gauges.active_locks);
  single(out, "statusfs_blocked_tasks", "gauge", "Tasks that are BLOCKED in loaded files.", gauges.blocked_tasks);
  const std::lock_guard lock(mutex_);
  describe(out, "statusfs_refusals_total", "counter", "Requests refused, by errno.");
  for (const auto& [name, count] : refusals_)
    out << "statusfs_refusals_total{errno=\"" << name << "\"} " << count << '\n';
  describe(out, "statusfs_rules_broken_total", "counter", "Rules broken: refused, or only warned of.");
  for (const auto& [key, count] : rules_)
    out << "statusfs_rules_broken_total{rule=\"" << key.first << "\",refused=\"" << (key.second ? "true" : "false")
        << "\"} " << count << '\n';
  histogram(out, "statusfs_commit_seconds", "Time from the start of a group to its durability.", latency_bounds,
            latencies_, latency_sum_, commits_);
  histogram(out, "statusfs_group_size", "Mutations that shared one fsync.", size_bounds, sizes_, size_sum_, commits_);
  return out.str();
}

}  // namespace statusfs
