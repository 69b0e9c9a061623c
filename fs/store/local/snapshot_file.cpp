#include "fs/store/local/snapshot_file.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include "fs/store/file_names.hpp"
#include "fs/store/local/outcome.hpp"
#include "fs/store/local/side_file.hpp"

namespace statusfs {
namespace {

constexpr int attempts = 8;
constexpr int longest_chain_of_links = 40;  // as the kernel's

/// What stood in the place of the target, while names are exchanged in steps.
std::string old_name(const std::string& target) { return temporary_name(target) + "-old"; }

bool has_code(const std::system_error& error, int code) { return error.code().value() == code; }

// Whether the name is a link to the target. One that cannot be followed is not, whatever is wrong with it.
bool leads_to(Files& files, const std::string& path, const std::string& target) try {
  const auto named = files.status(path);
  return named && !named->is_regular && files.resolve(path) == target;
} catch (const std::system_error&) {
  return false;
}

}  // namespace

SnapshotFile::SnapshotFile(Files& files, std::string path)
    : files_(files), path_(std::move(path)), followed_{path_, std::nullopt} {}

SnapshotFile::Followed SnapshotFile::follow() {
  const auto named = files_.status(path_);  // before the link is followed: one that replaces it meanwhile then shows
  if (!named || named->is_regular) return {path_, std::nullopt};
  const auto directory = files_.resolve(directory_of(path_));
  auto target = files_.resolve(path_);
  if (!target) target = resolve_missing();
  if (!target || !directory) throw std::system_error(ENOENT, std::system_category(), path_ + " is a link to nothing");
  if (!is_inside(*target, *directory))
    throw std::system_error(EINVAL, std::system_category(), path_ + " leads out of its directory");
  const bool is_link = *target != *directory + "/" + name_of_path(path_);
  // Each name has a journal and a lock of its own, so that the file would have two writers who know nothing of each
  // other.
  if (const auto other = is_link ? first_name_of(*target, *directory) : std::nullopt)
    throw std::system_error(EINVAL, std::system_category(),
                            path_ + " is a second name of " + *other + ", which is shown under that name");
  return {*target, is_link ? named : std::nullopt};
}

/// The name of a status file in the directory, other than ours, that the target is known by already: its own, or that
/// of the first link to it.
std::optional<std::string> SnapshotFile::first_name_of(const std::string& target, const std::string& directory) {
  const std::string own = name_of_path(target);
  if (directory_of(target) == directory && stem_of(own)) return own;
  std::optional<std::string> first;
  for (const std::string& name : files_.names_in(directory)) {
    if (name >= first.value_or(name_of_path(path_)) || !stem_of(name)) continue;
    std::string path = directory;
    path.append("/").append(name);
    if (leads_to(files_, path, target)) first = name;
  }
  return first;
}

/// The file that a link leads to and that is missing, without any links before it; nothing where it could not be made.
std::optional<std::string> SnapshotFile::resolve_missing() {
  std::string at = path_;
  for (int links = 0; links < longest_chain_of_links; ++links) {
    if (!files_.status(at)) {
      const auto directory = files_.resolve(directory_of(at));
      const std::string name = name_of_path(at);
      return directory && !name.empty() ? std::optional(*directory + "/" + name) : std::nullopt;
    }
    const auto next = files_.read_link(at);
    if (!next) return std::nullopt;
    at = next->starts_with('/') ? *next : directory_of(at) + "/" + *next;
  }
  return std::nullopt;
}

void SnapshotFile::set_followed(const Followed& followed) {
  const std::lock_guard guard(mutex_);
  followed_ = followed;
}

std::string SnapshotFile::directory() {
  const std::lock_guard guard(mutex_);
  return directory_of(followed_.target);
}

SnapshotFile::Content SnapshotFile::read_file(const std::string& path) {
  Content content;
  auto file = files_.open(path, Files::Open::read);
  if (!file) return content;
  content.state = Content::State::present;
  content.status = file->status();  // before reading: a write during it then shows later
  content.text = read_all(*file);
  return content;
}

SnapshotFile::Content SnapshotFile::read() {
  // Where it cannot be followed, the name itself is what will be replaced.
  set_followed({path_, std::nullopt});
  try {
    const Followed followed = follow();
    Content content = read_file(followed.target);
    set_followed(followed);
    return content;
  } catch (const std::system_error& error) {
    Content content;
    content.state = Content::State::unreadable;
    content.reason = error.what();
    content.may_pass = may_pass(error);
    content.status = status_if_possible();
    return content;
  }
}

FileStatus SnapshotFile::status_if_possible() {
  try {
    return files_.status(path_).value_or(FileStatus());
  } catch (const std::system_error&) {
    return {};
  }
}

std::optional<SnapshotFile::Ends> SnapshotFile::read_ends(std::size_t bytes) {
  try {
    auto file = files_.open(follow().target, Files::Open::read);
    if (!file) return std::nullopt;
    const auto read = [&](std::uint64_t offset) {
      std::string text(bytes, '\0');
      text.resize(file->read_at(text, offset));
      return text;
    };
    const FileStatus status = file->status();
    return Ends{read(0), read(status.size - std::min<std::uint64_t>(status.size, bytes)), status};
  } catch (const std::system_error&) {
    return std::nullopt;
  }
}

void SnapshotFile::set_known(std::optional<FileStatus> known) {
  const std::lock_guard guard(mutex_);
  known_ = known;
}

std::optional<FileStatus> SnapshotFile::status() {
  const std::lock_guard guard(mutex_);
  return known_;
}

std::optional<FileStatus> SnapshotFile::look() {
  const std::lock_guard guard(mutex_);
  return files_.status(followed_.target);
}

std::optional<FileStatus> SnapshotFile::attributes() {
  const std::lock_guard guard(mutex_);
  if (!known_) return std::nullopt;
  const auto present = files_.status(followed_.target);
  const bool is_known = present && present->is_regular && present->is_same_content(*known_);
  return is_known ? present : known_;
}

// mutex_ is held.
bool SnapshotFile::is_link_untouched() {
  if (!followed_.link) return true;
  const auto link = files_.status(path_);
  return link && link->is_same_content(*followed_.link);
}

bool SnapshotFile::is_still(const FileStatus& status) {
  const std::lock_guard guard(mutex_);
  if (!is_link_untouched()) return false;
  const auto named = files_.status(followed_.target);
  return named && named->is_regular && named->is_same_content(status);
}

bool SnapshotFile::is_untouched() {
  const std::lock_guard guard(mutex_);
  if (!is_link_untouched()) return false;
  const auto named = files_.status(followed_.target);
  if (!named || !known_) return !named && !known_;
  return named->is_regular && named->is_same_content(*known_);
}

bool SnapshotFile::may_be_replaced() { return files_.may_change(directory_of(followed_.target)); }

void SnapshotFile::stage(const std::string& text, const FileStatus& fallback) {
  const FileStatus like = attributes().value_or(fallback);
  const std::string name = temporary_name(followed_.target);
  try {
    auto file = create_temporary(files_, name, like);
    write_durably(*file, text);
    file->mark_modified();
    staged_ = file->status();
  } catch (const std::system_error&) {
    staged_.reset();
    files_.unlink(name);  // room for others, where the disk is full
    throw;
  }
}

/// Whether the staged file took a name that was free.
bool SnapshotFile::take_name() {
  try {
    files_.rename_new(temporary_name(followed_.target), followed_.target);
    return true;
  } catch (const std::system_error& error) {
    if (has_code(error, EEXIST)) return false;
    throw;
  }
}

/// Whether the names were swapped; not when the file is missing.
bool SnapshotFile::exchange_names() {
  const std::string staged = temporary_name(followed_.target);
  try {
    files_.exchange(staged, followed_.target);
    return true;
  } catch (const std::system_error& error) {
    if (has_code(error, ENOENT)) return false;
    if (!has_code(error, EINVAL) && !has_code(error, ENOSYS)) throw;
  }
  // The file system cannot exchange names. A second name holds on to whatever stands there, until complete_exchange().
  const std::string old = old_name(followed_.target);
  files_.unlink(old);
  files_.link(followed_.target, old);
  files_.rename(staged, followed_.target);
  return true;
}

/// Gives what an exchange in steps brought out the name that it has after one in a single step.
void SnapshotFile::complete_exchange() {
  const std::string name = temporary_name(followed_.target), old = old_name(followed_.target);
  if (files_.status(old)) files_.rename(old, name);
}

void SnapshotFile::swap() {
  const std::lock_guard guard(mutex_);
  brought_out_ = false;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const bool exists = files_.status(followed_.target).has_value();
    if (exists ? !exchange_names() : !take_name()) continue;  // it came or went in between
    brought_out_ = exists;
    replaced_ = std::exchange(known_, std::exchange(staged_, std::nullopt));
    return;
  }
  throw std::system_error(EBUSY, std::system_category(), followed_.target + " comes and goes");
}

/// Throws away what the exchange brought out if it is known or says the same, and keeps anything else.
void SnapshotFile::dispose(const IsOurs& is_ours) {
  const std::string name = temporary_name(followed_.target);
  auto status = files_.status(name);
  if (!status) {
    complete_exchange();
    status = files_.status(name);
  }
  if (!status || (status->is_regular && replaced_ && status->is_same_content(*replaced_))) {
    files_.unlink(name);
    return;
  }
  const std::string text = read_if_possible(name);
  if (status->is_regular && is_ours(text)) {
    files_.unlink(name);
    return;
  }
  kept_ = Kept{text, status->owner, keep_aside(files_, name, followed_.target)};
}

std::string SnapshotFile::read_if_possible(const std::string& path) {
  try {
    return read_file(path).text;
  } catch (const std::system_error&) {
    return {};
  }
}

bool SnapshotFile::is_missing_for_good(const IsRemoved& is_removed) {
  return is_removed && !files_.status(path_) && is_removed();
}

bool SnapshotFile::replace(const std::string& text, const FileStatus& fallback, const IsOurs& is_ours,
                           const IsRemoved& is_removed) {
  // Still there where an earlier replacement failed on the way.
  if (brought_out_) dispose(is_ours);
  brought_out_ = false;
  stage(text, fallback);
  if (is_missing_for_good(is_removed)) {  // asked last: staging waits for the disk
    files_.unlink(temporary_name(followed_.target));
    return false;
  }
  swap();
  if (brought_out_) dispose(is_ours);
  brought_out_ = false;
  files_.sync_directory(directory_of(followed_.target));
  return true;
}

std::optional<SnapshotFile::Kept> SnapshotFile::take_kept() { return std::exchange(kept_, std::nullopt); }

SnapshotFile::Content SnapshotFile::read_kept(const std::string& name) {
  const std::string path = directory() + "/" + name;
  Content content;
  content.state = Content::State::unreadable;
  try {
    const auto status = files_.status(path);
    return status && status->is_regular ? read_file(path) : content;
  } catch (const std::system_error& error) {
    content.reason = error.what();
    return content;
  }
}

bool SnapshotFile::has_left_over() {
  return files_.status(temporary_name(followed_.target)) || files_.status(old_name(followed_.target));
}

SnapshotFile::Content SnapshotFile::read_left_over() {
  const std::string name = temporary_name(followed_.target);
  if (files_.status(name)) {
    files_.unlink(old_name(followed_.target));
  } else {
    complete_exchange();
  }
  Content content;
  const auto status = files_.status(name);
  if (!status) return content;
  if (status->is_regular) return read_file(name);
  content.state = Content::State::unreadable;
  content.status = *status;
  return content;
}

void SnapshotFile::remove_left_over() { files_.unlink(temporary_name(followed_.target)); }

std::string SnapshotFile::keep_left_over() {
  return keep_aside(files_, temporary_name(followed_.target), followed_.target);
}

}  // namespace statusfs
