// An open file of the tree.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "fs/fuse/inode_table.hpp"
#include "fs/fuse/write_buffer.hpp"

namespace statusfs {

/// Thread safety: any thread. Lock order: mutex_ comes before all that a read of the newest text takes.
class OpenFile {
 public:
  OpenFile(std::shared_ptr<const Inode> inode, std::optional<WriteBuffer> buffer)
      : inode_(std::move(inode)), buffer_(std::move(buffer)) {}

  const Inode& inode() const noexcept { return *inode_; }

  /// The part of the text that a read asks for. A read from offset 0 fixes the text for the reads behind it: `newest`
  /// is called then, or when nothing was read yet. At its end a text goes on where the newest only has more behind it,
  /// as a log has for tail -f. `changes`: how often the file has changed now, counted before.
  template <typename Newest>
  std::string read(std::size_t size, std::uint64_t offset, std::uint64_t changes, Newest newest) {
    const std::lock_guard lock(mutex_);
    if (offset == 0) seen_changes_ = changes;
    if (offset == 0 || !text_)
      text_ = newest();
    else if (offset >= text_->size() && changes != seen_changes_)
      go_on_with(newest(), changes);
    if (offset >= text_->size()) return {};
    return text_->substr(offset, size);
  }

  /// That of the text of the last read.
  std::size_t text_size() {
    const std::lock_guard lock(mutex_);
    return text_ ? text_->size() : 0;
  }

  /// See WriteBuffer. Precondition: opened for writing.
  std::optional<WriteRequest> write(std::string_view bytes, std::uint64_t offset) {
    const std::lock_guard lock(mutex_);
    return buffer_->write(bytes, offset);
  }
  /// Whether a value is one write, whose offset tells whether it is the whole of it. Precondition as above.
  bool is_written_whole() {
    const std::lock_guard lock(mutex_);
    return !buffer_->may_be_incomplete();
  }
  void take_back_write() {
    const std::lock_guard lock(mutex_);
    if (buffer_) buffer_->take_back();
  }
  std::optional<std::string> complaint_at_close() {
    const std::lock_guard lock(mutex_);
    return buffer_ ? buffer_->complaint_at_close() : std::nullopt;
  }
  /// The errno that the last write was refused with, or 0.
  int refused_with() {
    const std::lock_guard lock(mutex_);
    return buffer_ && buffer_->was_refused() ? refused_with_ : 0;
  }
  void remember_refused_write(int error_number) {
    const std::lock_guard lock(mutex_);
    refused_with_ = error_number;
  }
  /// Why a copy to here was refused, until the next write begins: programs go on as if there were no
  /// copy_file_range(2), with what is refused as the copy was.
  void remember_refused_copy(std::string reason) {
    const std::lock_guard lock(mutex_);
    refused_copy_ = std::move(reason);
  }
  std::string take_refused_copy() {
    const std::lock_guard lock(mutex_);
    return std::exchange(refused_copy_, {});
  }
  /// How often the file had changed when its text was last read from the beginning, or went on, or else when it was
  /// opened.
  std::uint64_t seen_changes() const noexcept { return seen_changes_; }
  void saw_changes(std::uint64_t count) noexcept { seen_changes_ = count; }

 private:
  // mutex_ is held.
  void go_on_with(std::string text, std::uint64_t changes) {
    if (!text.starts_with(*text_)) return;
    text_ = std::move(text);
    seen_changes_ = changes;
  }

  const std::shared_ptr<const Inode> inode_;
  std::atomic<std::uint64_t> seen_changes_ = 0;

  std::mutex mutex_;  // guards all below
  std::optional<std::string> text_;
  std::optional<WriteBuffer> buffer_;
  int refused_with_ = 0;  // the last write that was
  std::string refused_copy_;
};

}  // namespace statusfs
