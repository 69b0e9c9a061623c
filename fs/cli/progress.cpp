#include "fs/cli/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>

namespace statusfs {
namespace {

constexpr std::size_t bar_width = 24;
constexpr std::size_t usual_columns = 80;
constexpr std::string_view wiped = "\r\x1b[K";

std::size_t columns_of(int descriptor) {
  winsize size{};
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual_columns;
}

// A terminal that takes no more is no reason to fail.
void print(int descriptor, std::string_view text) {
  if (write(descriptor, text.data(), text.size()) < 0) return;
}

}  // namespace

std::string progress_line(const std::string& what, std::uint64_t done, std::uint64_t total,
                          std::chrono::seconds elapsed, std::size_t columns) {
  std::string end = " " + std::to_string(elapsed.count()) + " s";
  if (total > 0) {
    const std::uint64_t counted = std::min(done, total);
    const auto filled = static_cast<std::size_t>(counted * bar_width / total);
    end = " [" + std::string(filled, '#') + std::string(bar_width - filled, '.') + "] " +
          std::to_string(counted * 100 / total) + " %" + end;
  }
  const std::size_t room =
      columns > end.size() + 1 ? columns - end.size() - 1 : 0;  // the last column makes some terminals wrap
  return what.substr(0, room) + end;
}

Progress::Progress(Terminal terminal) : terminal_(terminal), start_(std::chrono::steady_clock::now()) {
  if (isatty(terminal_.descriptor) == 1) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  const std::lock_guard lock(mutex_);
  wipe();
}

void Progress::begin(std::string what, std::uint64_t total) {
  const std::lock_guard lock(mutex_);
  what_ = std::move(what);
  total_ = total;
  done_ = 0;
}

void Progress::reach(std::uint64_t done) {
  const std::lock_guard lock(mutex_);
  done_ = done;
}

void Progress::without_bar(const std::function<void()>& print) {
  const std::lock_guard lock(mutex_);
  wipe();
  print();
}

void Progress::run(const std::stop_token& stop) {
  std::mutex waiting;  // guards nothing: only to wait with
  std::condition_variable_any condition;
  std::unique_lock lock(waiting);
  const auto never = [] { return false; };
  condition.wait_for(lock, stop, terminal_.patience, never);
  while (!stop.stop_requested()) {
    draw();
    condition.wait_for(lock, stop, terminal_.interval, never);
  }
}

void Progress::draw() {
  const std::lock_guard lock(mutex_);
  const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start_);
  const std::string line = progress_line(what_, done_, total_, elapsed, columns_of(terminal_.descriptor));
  print(terminal_.descriptor, std::string(wiped) + line);
  is_drawn_ = true;
}

void Progress::wipe() {
  if (is_drawn_) print(terminal_.descriptor, wiped);
  is_drawn_ = false;
}

}  // namespace statusfs
