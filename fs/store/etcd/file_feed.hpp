// What the watch heard of one status file, until its store takes it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace statusfs {

/// Thread safety: any thread.
class FileFeed {
 public:
  struct Record {
    std::uint64_t version = 0;
    std::string line;
    std::int64_t revision = 0;
  };
  struct News {
    std::vector<Record> records;  ///< of other hosts, in the order in which they were written
    std::string head;             ///< text of the head that a mutation, of whichever host, put last; no news by itself
    bool is_incomplete = false;   ///< there may be more records than these
    bool was_touched = false;     ///< something was put or deleted that no mutation of ours explains

    bool is_any() const { return is_incomplete || was_touched || !records.empty(); }
  };

  /// What was heard of whole revisions: whoever took a part of one would take its other records for not written, and
  /// write over them. Returns has_news().
  bool add(News heard) {
    const std::lock_guard lock(mutex_);
    for (Record& record : heard.records) {
      // The record_hash is the end of the line.
      if (const auto own = own_.find(end_of(record.line)); own != own_.end())
        own_.erase(own);
      else
        news_.records.push_back(std::move(record));
    }
    if (!heard.head.empty()) news_.head = std::move(heard.head);
    news_.is_incomplete = news_.is_incomplete || heard.is_incomplete;
    news_.was_touched = news_.was_touched || heard.was_touched;
    return news_.is_any();
  }
  void lose_track() {
    const std::lock_guard lock(mutex_);
    news_.is_incomplete = true;
  }
  void touch() {
    const std::lock_guard lock(mutex_);
    news_.was_touched = true;
  }

  bool has_news() const {
    const std::lock_guard lock(mutex_);
    return news_.is_any();
  }
  News take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(news_, {});
  }

  /// Records that this host is about to write itself are no news.
  void expect(std::string_view line) {
    const std::lock_guard lock(mutex_);
    own_.insert(end_of(line));
  }
  void expect_no_more(std::string_view line) {
    const std::lock_guard lock(mutex_);
    own_.erase(end_of(line));
  }

  /// The document that the head names now.
  void set_document(std::string key) {
    const std::lock_guard lock(mutex_);
    document_ = std::move(key);
  }
  bool is_part_of_document(std::string_view key) const {
    const std::lock_guard lock(mutex_);
    return !document_.empty() && key.starts_with(document_);
  }

 private:
  static std::string end_of(std::string_view line) {
    return std::string(line.substr(line.size() - std::min<std::size_t>(line.size(), 80)));
  }

  mutable std::mutex mutex_;  // guards all below; innermost
  News news_;
  std::set<std::string, std::less<>> own_;
  std::string document_;
};

}  // namespace statusfs
