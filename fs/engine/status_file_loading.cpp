// Loading a status file: on first use, and again where it could not be loaded for a reason that may pass.
#include <algorithm>
#include <chrono>

#include "fs/engine/status_file.hpp"

namespace statusfs {
namespace {

using std::chrono::steady_clock;

// Between attempts to load what could not be loaded: the first two of their own accord, which grow, the last by use.
constexpr std::chrono::milliseconds first_pause{250};
constexpr std::chrono::seconds longest_pause{60};
constexpr std::chrono::milliseconds shortest_pause{100};

}  // namespace

std::shared_ptr<const FileState> StatusFile::load() {
  std::unique_lock loading(load_mutex_);
  if (auto state = loaded_state()) return state;
  // Whoever finds a state may take the turn, and then the committer and the store's count are his.
  auto state = committer_.load();
  const bool has_more_to_tell = committer_.has_unannounced();
  anchor(*state);
  set_state(std::move(state));
  was_loaded_ = true;
  const auto shown = loaded_state();
  loading.unlock();  // who submits may have to do the work; from here on the cache may free the file again
  if (has_more_to_tell) submit({Barrier{}, {}, [](const std::optional<Rejection>&) {}});
  if (store_->looks_changed())
    submit({CheckRequest{}, {}, [](const std::optional<Rejection>&) {}});  // it was found foreign
  return shown;
}

// --- what could not be loaded for a reason that may pass -------------------------------------------------------------

std::optional<OnDemandThread::Time> StatusFile::next_attempt() const {
  const std::lock_guard lock(state_mutex_);
  return attempt_at_;
}

// Whoever uses the file does not wait for the next attempt, unless there was one just now: an attempt may take its
// time, and the JSON be shown all the while.
bool StatusFile::is_attempt_worthwhile() const {
  constexpr int most_of_the_time = 10;  // readers are not held up
  const std::lock_guard lock(state_mutex_);
  const auto pause = std::max<steady_clock::duration>(shortest_pause, most_of_the_time * attempt_cost_);
  return attempt_at_ && steady_clock::now() >= failed_at_ + pause;
}

// Readers are told by the next step, as whoever asks here may hold what that needs.
void StatusFile::load_again() {
  if (!turn_.try_take()) return;
  if (next_attempt()) {
    const auto begun = steady_clock::now();
    auto state = committer_.load_again();
    {
      const std::lock_guard lock(state_mutex_);
      attempt_cost_ = steady_clock::now() - begun;
    }
    anchor(*state);
    set_state(std::move(state));
    enqueue({Barrier{}, {}, [](const std::optional<Rejection>&) {}});
    if (store_->looks_changed()) enqueue({CheckRequest{}, {}, [](const std::optional<Rejection>&) {}});
  }
  turn_.give_back();
  if (has_queued()) wake_or_work();
}

// Precondition: state_mutex_ is held.
void StatusFile::plan_next_attempt() {
  if (!durable_state_->may_pass) {
    attempt_at_.reset();
    pause_ = attempt_cost_ = {};
    return;
  }
  failed_at_ = steady_clock::now();
  pause_ = std::clamp<steady_clock::duration>(2 * pause_, first_pause, longest_pause);
  attempt_at_ = failed_at_ + pause_;
}

}  // namespace statusfs
