#include "fs/identity/label_reader.hpp"

#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

namespace statusfs {
namespace {

// Late reads that are put up with; beyond them nobody has labels. Each belongs to another process.
constexpr std::size_t most_late_reads = 64;

}  // namespace

struct LabelReader::Attempt {
  explicit Attempt(pid_t process) : pid(process) {}
  const pid_t pid;

  // Shared::mutex guards the rest.
  Labels labels;
  bool is_done = false;
  bool is_late = false;
};

struct LabelReader::Shared {
  explicit Shared(Read how) : read(std::move(how)) {}
  const Read read;

  std::mutex mutex;  // guards all below and what attempts say; innermost, never held while labels are read
  std::condition_variable done;
  std::map<pid_t, std::size_t> late_reads;  // by process; none is 0
};

LabelReader::LabelReader(Read read, std::chrono::milliseconds patience)
    : shared_(std::make_shared<Shared>(std::move(read))), patience_(patience) {}

void LabelReader::carry_out(Shared& shared, Attempt& attempt) {
  Labels labels;
  try {
    labels = shared.read(attempt.pid);
  } catch (const std::exception&) {  // as of a process that cannot be read
  }
  const std::lock_guard lock(shared.mutex);
  attempt.labels = std::move(labels);
  attempt.is_done = true;
  if (attempt.is_late && --shared.late_reads[attempt.pid] == 0) shared.late_reads.erase(attempt.pid);
  shared.done.notify_all();
}

Labels LabelReader::read(pid_t pid) try {
  const auto attempt = std::make_shared<Attempt>(pid);
  std::unique_lock lock(shared_->mutex);
  if (shared_->late_reads.contains(pid) || shared_->late_reads.size() >= most_late_reads) return {};
  std::thread([shared = shared_, attempt] { carry_out(*shared, *attempt); }).detach();
  if (shared_->done.wait_for(lock, patience_, [&] { return attempt->is_done; })) return std::move(attempt->labels);
  attempt->is_late = true;
  ++shared_->late_reads[pid];
  return {};
} catch (const std::system_error&) {  // there is no thread to be had
  return {};
}

}  // namespace statusfs
