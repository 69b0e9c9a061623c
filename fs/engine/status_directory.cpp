#include "fs/engine/status_directory.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <iterator>
#include <system_error>

namespace statusfs {
namespace {

constexpr std::size_t most_openers = 8, files_worth_a_thread = 16;
constexpr std::chrono::seconds between_looks{1};      // at what could not be opened
constexpr std::chrono::seconds time_for_the_rest{1};  // to go, or to come

std::size_t openers_of(std::size_t files) {
  const std::size_t processors = std::max(1u, std::thread::hardware_concurrency());
  return std::min({processors, most_openers, files / files_worth_a_thread + 1});
}

// Some at a time, each for itself; where one fails, no more are begun.
template <typename Work>
void side_by_side(std::size_t count, Work work) {
  std::atomic<std::size_t> next = 0;
  const auto do_some = [&] {
    try {
      for (std::size_t at = next++; at < count; at = next++) work(at);
    } catch (...) {
      next = count;
      throw;
    }
  };
  std::vector<std::future<void>> others;
  while (others.size() + 1 < openers_of(count)) others.push_back(std::async(std::launch::async, do_some));
  do_some();
  for (std::future<void>& other : others) other.get();
}

}  // namespace

StatusDirectory::StatusDirectory(StatusSource& source, const EngineContext& context, StatusDirectoryObserver& observer)
    : source_(source), context_(context), observer_(observer) {
  open_all(source_.list());
}

StatusDirectory::~StatusDirectory() {
  stop_watching();
  for (const auto& file : files()) file->tell_no_trouble();
}

void StatusDirectory::stop_watching() {
  source_.stop_watching();
  second_look_.stop();
  first_look_ = {};
}

void StatusDirectory::watch() {
  source_.watch(*this);
  for (const std::string& stem : stems_come_or_gone()) look_at(stem, [](StatusFile&) {});
  first_look_ = std::jthread([this](const std::stop_token& stop) { look_at_all(stop); });
}

// Numbers are drawn where a chain is begun, and none is one of a file that would be opened after it.
void StatusDirectory::open_all(const std::vector<std::string>& stems) {
  std::vector<Opening> opened(stems.size());
  side_by_side(stems.size(), [&](std::size_t at) { opened[at] = open(stems[at]); });
  side_by_side(stems.size(), [&](std::size_t at) { load_if_needed(opened[at]); });
  for (std::size_t at = 0; at < stems.size(); ++at) files_.emplace(stems[at], std::move(opened[at].file));
}

// Nobody waits for it: whoever needs a file sooner loads it.
void StatusDirectory::look_at_all(const std::stop_token& stop) {
  for (const auto& file : files()) {
    if (stop.stop_requested()) return;
    try {
      file->look();
    } catch (const std::exception& error) {
      context_.log(file->name() + ": " + error.what());
    }
  }
}

StatusDirectory::Opening StatusDirectory::open(const std::string& stem) {
  OpenedFile opened = source_.open(stem);
  if (opened.g) context_.counter.raise(*opened.g);
  return {std::make_shared<StatusFile>(stem, source_, std::move(opened.store), context_, observer_),
          opened.needs_loading};
}

// What must be recovered, begun or adopted is dealt with before the mount answers; the rest loads on first use.
void StatusDirectory::load_if_needed(const Opening& opening) {
  if (opening.needs_loading) opening.file->state();
}

std::vector<std::string> StatusDirectory::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, file] : files_) names.push_back(name);
  return names;
}

std::shared_ptr<StatusFile> StatusDirectory::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<StatusFile>> StatusDirectory::files() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<StatusFile>> result;
  for (const auto& [name, file] : files_) result.push_back(file);
  return result;
}

void StatusDirectory::drain() {
  stop_watching();
  for (const auto& file : files()) file->drain();
}

void StatusDirectory::settle() {
  std::optional<Rejection> failure;
  for (const auto& file : files()) {
    try {
      file->settle();
    } catch (const Rejection& rejection) {
      if (!failure) failure = rejection;
    }
  }
  if (failure) throw *failure;
}

// Those that are either known or there, and not both.
std::vector<std::string> StatusDirectory::stems_come_or_gone() const {
  std::vector<std::string> stems;
  std::ranges::set_symmetric_difference(names(), source_.list(), std::back_inserter(stems));
  return stems;
}

// Those that are known, and those that are there.
std::vector<std::string> StatusDirectory::stems_to_look_at() const {
  std::vector<std::string> stems = names();
  std::ranges::copy(source_.list(), std::back_inserter(stems));
  std::ranges::sort(stems);
  stems.erase(std::unique(stems.begin(), stems.end()), stems.end());
  return stems;
}

// Where the source cannot be listed any more, each known file tells for itself what became of it.
void StatusDirectory::rescan() {
  std::vector<std::string> stems;
  try {
    stems = stems_to_look_at();
  } catch (const std::exception& error) {
    context_.log(std::string("the status files cannot be listed: ") + error.what());
    stems = names();
  }
  for (const std::string& stem : stems) file_changed(stem);
  for (const auto& file : files()) file->check_plan({});
}

void StatusDirectory::name_changed(const std::string& file_name) try {
  look_at_name(file_name);
} catch (const std::exception& error) {
  context_.log((file_name.empty() ? "the status files" : file_name) + ": cannot be looked at: " + error.what());
}

void StatusDirectory::look_at_name(const std::string& file_name) {
  if (file_name.empty()) return rescan();
  if (is_plan_name(file_name)) {
    for (const auto& file : files()) file->check_plan(file_name);
  } else if (const auto stem = stem_of(file_name); stem && !is_unshown(*stem)) {
    file_changed(*stem);
  }
}

// Each attempt to show it opens its journal and closes it, which is told like the work of another program. So it is
// looked at in its own time, and when another vanishes, which may have been the same file.
bool StatusDirectory::is_unshown(const std::string& stem) const {
  const std::lock_guard lock(mutex_);
  return unshown_.contains(stem);
}

void StatusDirectory::connection_lost(const std::string& reason) {
  context_.log("no quorum: " + reason);
  for (const auto& file : files()) file->connection_lost(reason);
}

void StatusDirectory::connection_returned() {
  context_.log("a quorum answers again");
  for (const auto& file : files()) file->connection_returned();
}

void StatusDirectory::outcome_found(const std::string& stem, const std::string& outcome) {
  context_.log(stem + ": " + outcome);
  observer_.warned(stem, outcome);  // the writer was told EIO
  if (const auto file = find(stem)) file->look_again();
}

void StatusDirectory::file_changed(const std::string& stem) {
  look_at(stem, [](StatusFile& file) { file.check(); });
}

void StatusDirectory::look_at(const std::string& stem, const std::function<void(StatusFile& file)>& check) {
  const std::lock_guard looking(looking_);
  std::shared_ptr<StatusFile> known = find(stem);
  if (known && known->is_displaced()) {
    vanished(stem);
    known.reset();
  }
  if (!is_whole(stem, known.get()) && !is_given_up(stem)) return;
  {
    const std::lock_guard lock(mutex_);
    incomplete_.erase(stem);
  }
  if (!source_.has(stem)) {
    {
      const std::lock_guard lock(mutex_);
      unshown_.erase(stem);
    }
    if (known) vanished(stem);
  } else if (known) {
    check_known(*known, check);
  } else {
    appeared(stem);
  }
}

bool StatusDirectory::is_whole(const std::string& stem, const StatusFile* known) const {
  if (known) return !known->is_chained() || source_.is_complete(stem);
  return !source_.has(stem) || source_.has_arrived(stem);
}

// Whether a file that parts are missing of had the time to go as a whole, or to come. It is looked at again then.
bool StatusDirectory::is_given_up(const std::string& stem) {
  const auto now = std::chrono::steady_clock::now();
  OnDemandThread::Time due;
  {
    const std::lock_guard lock(mutex_);
    const auto [known, is_new] = incomplete_.try_emplace(stem, now + time_for_the_rest);
    due = known->second;
    if (!is_new) return now >= due;
  }
  try {
    second_look_.wake();
    return false;
  } catch (const std::system_error&) {  // without a thread nobody else looks again
    std::this_thread::sleep_until(due);
    return true;
  }
}

// What hinders one file hinders no other.
void StatusDirectory::check_known(StatusFile& file, const std::function<void(StatusFile& file)>& check) {
  try {
    check(file);
  } catch (const std::exception& error) {
    context_.log(file.name() + ": cannot be looked at: " + error.what());
  }
}

// The kernel may hold inodes of the file for as long as it likes.
void StatusDirectory::vanished(const std::string& stem) {
  const std::shared_ptr<StatusFile> file = find(stem);
  {
    const std::lock_guard lock(mutex_);
    files_.erase(stem);
  }
  if (file) file->retire();
  context_.log(stem + ": the file was removed");
  observer_.file_vanished(stem);
  look_at_unshown();
}

void StatusDirectory::look_at_unshown() {
  if (copy_of(unshown_).empty()) return;
  try {
    second_look_.wake();
  } catch (const std::system_error&) {  // nobody else looks again: whatever changes them is to be told
    const std::lock_guard lock(mutex_);
    unshown_.clear();
  }
}

void StatusDirectory::appeared(const std::string& stem) {
  try {
    const Opening opening = open(stem);
    load_if_needed(opening);
    const std::shared_ptr<StatusFile>& file = opening.file;
    {
      const std::lock_guard lock(mutex_);
      files_.emplace(stem, file);
      unshown_.erase(stem);
    }
    observer_.file_appeared(file);
  } catch (const std::exception& error) {
    const bool is_first_time = [&] {
      const std::lock_guard lock(mutex_);
      return unshown_.insert(stem).second;
    }();
    if (!is_first_time) return;
    context_.log(stem + ": cannot be shown yet: " + error.what());
    look_at_unshown();
  }
}

std::optional<OnDemandThread::Time> StatusDirectory::look_again() {
  // First those that may be gone: what cannot be shown yet may be one of them under another name.
  for (const auto& [stem, at] : copy_of(incomplete_))
    if (std::chrono::steady_clock::now() >= at) file_changed(stem);
  for (const std::string& stem : copy_of(unshown_)) file_changed(stem);
  const std::lock_guard lock(mutex_);
  std::optional<OnDemandThread::Time> next;
  if (!unshown_.empty()) next = std::chrono::steady_clock::now() + between_looks;
  for (const auto& [stem, at] : incomplete_) next = std::min(next.value_or(at), at);
  return next;
}

}  // namespace statusfs
