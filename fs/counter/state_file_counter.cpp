#include "fs/counter/state_file_counter.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include "fs/counter/state_document.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

using namespace std::chrono_literals;

// A lock that is let go and taken again at once starves other programs (up to 35 s were seen): after so long a time
// without a gap, one is made.
constexpr auto longest_without_gap = 50ms;
constexpr auto gap = 1ms;

Cause cause_of(const std::error_code& error) {
  if (error.value() == ENOSPC) return Cause::no_space;
  if (error.value() == EDQUOT) return Cause::quota;
  if (error.value() == EACCES || error.value() == EPERM || error.value() == EROFS) return Cause::read_only;
  return Cause::io_failure;
}

// Runs a step on the state file; its failures leave as Rejections, as GlobalCounter promises.
template <typename Step>
auto rejecting(Step step) try {
  return step();
} catch (const StateFileError& error) {
  throw Rejection(Cause::read_only, std::string("the global counter cannot be used: ") + error.what());
} catch (const std::system_error& error) {
  throw Rejection(cause_of(error.code()), std::string("the global counter cannot be used: ") + error.what());
}

StateDocument document_in(const LockedStateFile& file, const std::filesystem::path& path) try {
  return StateDocument::parse(file.text());
} catch (const StateFileError& error) {
  throw StateFileError(path.string() + ": " + error.what());
}

}  // namespace

// The right of one lease to take the state file's locks: threads of one process wait for it here instead of polling.
class StateFileCounter::Turn {
 public:
  Turn(StateFileCounter& counter, Clock::time_point deadline) : counter_(counter) { counter_.take_turn(deadline); }
  ~Turn() { counter_.leave_turn(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  StateFileCounter& counter_;
};

class StateFileCounter::StateFileLease final : public GlobalCounter::Lease {
 public:
  StateFileLease(StateFileCounter& counter, Clock::time_point deadline)
      : counter_(counter),
        turn_(std::in_place, counter, deadline),
        file_(std::in_place, counter.file_, deadline),
        document_(document_in(*file_, counter.file_)),
        last_(document_.g()) {}

  std::int64_t next() override {
    last_ = std::max(last_, counter_.floor());
    if (last_ >= largest_g) throw Rejection(Cause::read_only, "the global counter has no number left");
    was_drawn_ = true;
    return ++last_;
  }

  void commit() override {
    if (was_drawn_) {
      // Before the attempt: what was perhaps written must not be drawn again, even if the disk forgets it.
      counter_.raise(last_);
      rejecting([&] { file_->replace(document_.advanced_to(last_)); });
    }
    file_.reset();
    turn_.reset();
  }

 private:
  StateFileCounter& counter_;
  std::optional<Turn> turn_;  ///< taken before the file's locks, left after them
  std::optional<LockedStateFile> file_;
  const StateDocument document_;
  std::int64_t last_;
  bool was_drawn_ = false;
};

StateFileCounter::StateFileCounter(std::filesystem::path file, std::chrono::milliseconds patience)
    : file_(std::move(file)), patience_(patience) {
  try {
    new_lease();
  } catch (const std::system_error& error) {
    throw StateFileError(file_.string() + ": " + error.what());
  }
}

std::unique_ptr<GlobalCounter::Lease> StateFileCounter::begin() {
  return rejecting([&] { return new_lease(); });
}

std::unique_ptr<GlobalCounter::Lease> StateFileCounter::new_lease() {
  return std::make_unique<StateFileLease>(*this, Clock::now() + patience_);
}

void StateFileCounter::raise(std::int64_t g) {
  const std::lock_guard lock(mutex_);
  floor_ = std::max(floor_, g);
}

std::int64_t StateFileCounter::floor() const {
  const std::lock_guard lock(mutex_);
  return floor_;
}

void StateFileCounter::take_turn(Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  if (!turn_left_.wait_until(lock, deadline, [&] { return !is_turn_taken_; })) {
    throw Rejection(Cause::busy, "the state file " + file_.string() + " was in use for too long; try again");
  }
  is_turn_taken_ = true;
  const Clock::time_point now = Clock::now();
  const Clock::time_point free_until = turn_left_at_ + gap;
  const bool makes_gap = now < free_until && now - busy_since_ > longest_without_gap;
  if (makes_gap || now >= free_until) busy_since_ = std::max(now, free_until);
  lock.unlock();
  if (makes_gap) std::this_thread::sleep_until(free_until);
}

void StateFileCounter::leave_turn() noexcept {
  const std::lock_guard lock(mutex_);
  is_turn_taken_ = false;
  turn_left_at_ = Clock::now();
  turn_left_.notify_one();
}

}  // namespace statusfs
