#include "fs/store/local/lock_file.hpp"

#include <cerrno>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "fs/store/local/side_file.hpp"

namespace statusfs {

/// One wait for the lock. Its thread shares the ownership of it and of nothing else, since a thread in flock(2) cannot
/// be ended: it stays until the lock is free, which may be after its LockFile is gone.
class LockWaiter {
 public:
  explicit LockWaiter(std::unique_ptr<File> file) : file_(std::move(file)) {}

  static std::shared_ptr<LockWaiter> start(std::unique_ptr<File> file) {
    auto waiter = std::make_shared<LockWaiter>(std::move(file));
    std::thread([waiter] { waiter->run(); }).detach();
    return waiter;
  }

  /// The locked file. nullptr: the time is over and the wait goes on, or, when is_over(), the lock came while nobody
  /// wanted it.
  std::unique_ptr<File> result(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock guard(mutex_);
    wanted_ = true;
    finished_.wait_until(guard, deadline, [&] { return done_; });
    wanted_ = false;
    if (error_) std::rethrow_exception(error_);
    return std::move(result_);
  }

  bool is_over() {
    const std::lock_guard guard(mutex_);
    return done_;
  }

 private:
  void run() noexcept {
    std::exception_ptr error;
    try {
      file_->lock();
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard guard(mutex_);
    done_ = true;
    error_ = error;
    if (wanted_) result_ = std::move(file_);
    file_.reset();  // a lock that nobody waits for any more is let go at once
    finished_.notify_all();
  }

  std::unique_ptr<File> file_;  ///< the thread's own

  std::mutex mutex_;  // guards what follows; innermost
  std::condition_variable finished_;
  bool done_ = false;
  bool wanted_ = true;  ///< somebody is in result(), or about to be
  std::exception_ptr error_;
  std::unique_ptr<File> result_;
};

std::unique_ptr<File> lock_in_queue(std::unique_ptr<File> file, std::chrono::steady_clock::time_point deadline) {
  if (file->try_lock()) return file;
  return LockWaiter::start(std::move(file))->result(deadline);
}

LockFile::LockFile(Files& files, std::string path) : files_(files), path_(std::move(path)) {}

LockFile::~LockFile() = default;

std::unique_ptr<File> LockFile::open_or_create(const FileStatus& like) {
  for (;;) {
    if (auto file = files_.open(path_, Files::Open::write)) {
      if (like.is_regular) match_attributes(*file, like);
      return file;
    }
    try {
      auto file = files_.open(path_, Files::Open::create);
      file->set_owner(like.owner, like.group);
      file->set_mode(like.mode);
      return file;
    } catch (const std::system_error& error) {
      if (error.code().value() != EEXIST) throw;  // somebody else was first
    }
  }
}

bool LockFile::is_current(const FileStatus& locked) {
  const auto named = files_.status(path_);
  return named && named->is_same_file(locked);
}

std::unique_ptr<File> LockFile::join_waiter(Deadline deadline) {
  const auto waiter = std::exchange(waiter_, nullptr);
  auto file = waiter->result(deadline);
  if (!file) waiter_ = waiter;
  return file;
}

std::unique_ptr<File> LockFile::wait_for(std::unique_ptr<File> file, Deadline deadline) {
  if (file->try_lock()) return file;
  waited_for_ = file->status();
  waiter_ = LockWaiter::start(std::move(file));
  return join_waiter(deadline);
}

bool LockFile::acquire(std::chrono::milliseconds allowed, const FileStatus& like) {
  if (held_) return true;
  const Deadline deadline = std::chrono::steady_clock::now() + allowed;
  if (waiter_ && (waiter_->is_over() || !is_current(waited_for_))) waiter_.reset();
  for (;;) {
    auto file = waiter_ ? join_waiter(deadline) : wait_for(open_or_create(writable_again(like)), deadline);
    if (!file && waiter_->is_over()) {
      waiter_.reset();  // its turn came before we were back
      continue;
    }
    if (!file) return false;
    // A lock on a file that was removed or replaced meanwhile excludes nobody.
    if (is_current(file->status())) {
      held_ = std::move(file);
      return true;
    }
  }
}

void LockFile::take_attributes(const FileStatus& like) {
  if (held_) match_attributes(*held_, writable_again(like));
}

void LockFile::release() noexcept { held_.reset(); }

}  // namespace statusfs
