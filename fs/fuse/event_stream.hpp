// The mutations of a status file as they happen, for programs that follow them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "mapping/chain/chain.hpp"

namespace statusfs {

/// Bytes of one stream; beyond them the older half goes, as if the file had been truncated.
inline constexpr std::size_t maximum_stream_size = 16 * 1024 * 1024;

/// Thread safety: any thread.
class EventStream {
 public:
  /// One JSON line for each version: the members of its journal line that stand before the patch.
  void append(std::span<const Version> versions);
  std::string read(std::size_t size, std::uint64_t offset) const;
  std::uint64_t size() const;

 private:
  mutable std::mutex mutex_;  // guards text_; innermost
  std::string text_;
};

/// The streams of a mount by the names of their status files. Thread safety: any thread.
class EventStreams {
 public:
  std::shared_ptr<EventStream> of(const std::string& name);
  /// The status file is gone; who has its stream open may read on.
  void remove(const std::string& name);

 private:
  std::mutex mutex_;  // guards streams_; innermost
  std::map<std::string, std::shared_ptr<EventStream>> streams_;
};

}  // namespace statusfs
