#include "fs/store/local/journal_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include "fs/store/local/lock_holder.hpp"
#include "fs/store/local/outcome.hpp"
#include "fs/store/local/side_file.hpp"

namespace statusfs {
namespace {

constexpr std::chrono::milliseconds between_attempts{20};
// Who closes a file is told of before he has it open no longer.
constexpr std::chrono::milliseconds closing_patience{200};
constexpr std::size_t copy_step = 1024 * 1024;

std::string held_message(const std::string& path, std::optional<pid_t> holder) {
  if (holder == ::getpid()) return path + " is still written under another name of it";
  const std::string who = holder ? "process " + std::to_string(*holder) : std::string("another process");
  return path + " is held by " + who + ", which writes this status file; mount it with -o ro, or unmount the other one";
}

struct Opened {
  std::unique_ptr<File> file;  ///< nullptr: there is none
  FileStatus status;
};

/// The journal, locked.
Opened open_locked(Files& files, const std::string& path, std::chrono::milliseconds allowed) {
  const auto deadline = std::chrono::steady_clock::now() + allowed;
  std::optional<std::chrono::steady_clock::time_point> end_of_patience;
  for (;;) {
    const bool is_being_written = files.is_being_written(path);  // asked before we have it open ourselves
    auto file = files.open(path, Files::Open::write);
    if (!file) return {};
    const bool is_locked = file->try_lock();
    const FileStatus opened = file->status();  // under the lock: who held it may have added to it
    if (is_locked && !is_being_written) {
      // Or put a new file in its place.
      const auto named = files.status(path);
      if (named && named->is_same_file(opened)) return {std::move(file), opened};
      continue;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!is_locked && now >= deadline) throw JournalHeld(path, flock_holder(opened.device, opened.inode));
    if (is_locked && !end_of_patience) end_of_patience = now + closing_patience;
    if (is_locked && now >= *end_of_patience)
      throw std::system_error(ETXTBSY, std::system_category(), path + " is being written by another program");
    file.reset();
    std::this_thread::sleep_for(between_attempts);
  }
}

Opened open_to_read(Files& files, const std::string& path) {
  auto file = files.open(path, Files::Open::read);
  if (!file) return {};
  const FileStatus status = file->status();
  return {std::move(file), status};
}

}  // namespace

JournalHeld::JournalHeld(const std::string& path, std::optional<pid_t> holder)
    : std::runtime_error(held_message(path, holder)), holder_(holder) {}

JournalFile::JournalFile(Files& files, std::string path) : files_(files), path_(std::move(path)) {}

std::unique_ptr<JournalFile> JournalFile::open(Files& files, const std::string& path, Access access,
                                               std::chrono::milliseconds allowed) {
  Opened opened = access == Access::exclusive ? open_locked(files, path, allowed) : open_to_read(files, path);
  if (!opened.file) return nullptr;
  std::unique_ptr<JournalFile> journal(new JournalFile(files, path));
  JournalEnd end = look_at_end(*opened.file, opened.status.size);
  journal->file_ = std::move(opened.file);
  journal->size_at_open_ = opened.status.size;
  journal->end_ = end.end;
  journal->last_line_ = std::move(end.last_line);
  journal->part_of_line_ = std::move(end.part_of_line);
  return journal;
}

std::unique_ptr<JournalFile> JournalFile::create(Files& files, const std::string& path, std::string_view line,
                                                 const FileStatus& like) {
  std::unique_ptr<JournalFile> journal(new JournalFile(files, path));
  File& file = journal->unpublished_.emplace(files, path, writable_again(like)).file();
  if (!file.try_lock()) throw JournalHeld(path, std::nullopt);
  const std::string text = std::string(line) + '\n';
  write_durably(file, text);
  journal->end_ = text.size();
  return journal;
}

void JournalFile::publish() {
  file_ = unpublished_->publish();
  unpublished_.reset();
  make_name_durable();
}

void JournalFile::make_name_durable() {
  if (name_is_durable_) return;
  const bool had_failed = std::exchange(failed_, true);
  files_.sync_directory(directory_of(path_));
  name_is_durable_ = true;
  failed_ = had_failed;
}

std::optional<std::string> JournalFile::last_line() {
  if (last_line_) return std::exchange(last_line_, std::nullopt);
  return read_last_line(file(), end_);
}

std::string JournalFile::read_beginning(std::size_t bytes) {
  std::string beginning(std::min<std::uint64_t>(end_, bytes), '\0');
  beginning.resize(file_->read_at(beginning, 0));
  return beginning;
}

std::optional<std::uint64_t> JournalFile::first_version() { return version_of_line(read_beginning(64)); }

std::string JournalFile::text_from(std::uint64_t begin) {
  std::string text(end_ - begin, '\0');
  if (file().read_at(text, begin) != text.size())
    throw std::system_error(EIO, std::system_category(), path_ + " is shorter than what was acknowledged");
  return text;
}

std::optional<ChainHead> JournalFile::head_of_single_line() {
  const std::string last = std::exchange(part_of_line_, {});
  return last.empty() ? std::nullopt : head_of_ends(read_beginning(512), last);
}

std::uint64_t JournalFile::first_line_size() {
  if (first_line_size_ > 0) return first_line_size_;
  auto reader = read();
  if (const auto first = reader.next()) first_line_size_ = first->size() + 1;
  return first_line_size_;
}

std::uint64_t JournalFile::drop_torn_tail() {
  if (size_at_open_ <= end_) return 0;
  file_->truncate(end_);
  file_->sync_data();
  return std::exchange(size_at_open_, end_) - end_;
}

StoreResult JournalFile::append(std::string_view lines) {
  if (failed_)
    return {StoreStatus::failed, path_ + ": an earlier write failed; the file is read-only until it was checked"};
  last_line_.reset();
  try {
    write_all(lines);
  } catch (const std::system_error& error) {
    return take_back(outcome_of(error));
  }
  end_ += lines.size();
  return {};
}

void JournalFile::write_all(std::string_view lines) {
  std::uint64_t offset = end_;
  while (!lines.empty()) {
    const std::size_t done = file_->write_at(lines, offset);
    lines.remove_prefix(done);
    offset += done;
    // Also after a part of it: what is written next must not reach the disk before what is written already, so that a
    // torn tail is a beginning and never has a hole.
    sync_once();
  }
}

void JournalFile::sync_once() {
  try {
    file_->sync_data();
  } catch (const std::system_error& error) {
    // Whatever the errno, a full disk included: the pages count as clean now, and nobody knows what is on the disk.
    throw std::system_error(EIO, std::system_category(), error.what());
  }
}

StoreResult JournalFile::take_back(StoreResult cause) {
  if (cause.status == StoreStatus::failed) {
    failed_ = true;
    return cause;
  }
  // Also synced: a refused mutation must not come back after a crash.
  try {
    file_->truncate(end_);
    file_->sync_data();
  } catch (const std::system_error& error) {
    failed_ = true;
    return {StoreStatus::failed, cause.reason + "; and taking it back: " + error.what()};
  }
  return cause;
}

bool JournalFile::is_in_place() {
  const auto named = files_.status(path_);
  const FileStatus own = file_->status();
  return named && named->is_same_file(own) && own.size == end_;
}

void JournalFile::copy_lines_to(File& copy) {
  std::string buffer(std::min<std::uint64_t>(end_, copy_step), '\0');
  for (std::uint64_t offset = 0; offset < end_;) {
    const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), end_ - offset);
    if (file_->read_at(std::span(buffer).first(wanted), offset) != wanted)
      throw std::system_error(EIO, std::system_category(), path_ + " is shorter than what was acknowledged");
    for (std::size_t done = 0; done < wanted;)
      done += copy.write_at(std::string_view(buffer).substr(done, wanted - done), offset + done);
    offset += wanted;
  }
  copy.sync();
}

std::string JournalFile::keep_stranger_aside() {
  const auto named = files_.status(path_);
  if (!named || named->is_same_file(file_->status())) return {};
  return keep_aside(files_, path_, path_);
}

std::string JournalFile::replace_by_copy() {
  Temporary copy(files_, path_, writable_again(file_->status()));
  // Locked before it has the name: nobody else can become the writer in between.
  if (!copy.file().try_lock()) throw JournalHeld(path_, std::nullopt);
  copy_lines_to(copy.file());
  const std::string kept = keep_stranger_aside();
  take_name(copy);
  failed_ = false;
  return kept;
}

std::unique_ptr<File> JournalFile::take_name(Temporary& next) {
  auto replaced = std::exchange(file_, next.replace());
  last_line_.reset();
  name_is_durable_ = false;
  make_name_durable();
  return replaced;
}

std::unique_ptr<File> JournalFile::replace_by_line(std::string_view line) {
  Temporary next(files_, path_, writable_again(file_->status()));
  if (!next.file().try_lock()) throw JournalHeld(path_, std::nullopt);
  const std::string text = std::string(line) + '\n';
  write_durably(next.file(), text);
  const std::uint64_t old_end = std::exchange(end_, text.size());
  first_line_size_ = 0;
  try {
    return take_name(next);
  } catch (const std::system_error&) {
    if (name_is_durable_) end_ = old_end;  // the name was not taken
    throw;
  }
}

}  // namespace statusfs
