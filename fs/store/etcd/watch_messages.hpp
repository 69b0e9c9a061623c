// What a watch asks and says, typed (etcd.proto).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fs/store/etcd/etcd_messages.hpp"

namespace statusfs {

struct EtcdEvent {
  enum class Kind { put, deleted };
  Kind kind = Kind::put;
  EtcdKeyValue entry;  ///< of a deleted key: no value
};

/// One message of a watch: whole revisions, in order.
struct EtcdWatchNews {
  bool is_over = false;           ///< the watch has ended
  bool are_some_missing = false;  ///< because revisions that were asked for were compacted
  std::vector<EtcdEvent> events;
};

/// The question: everything below the prefix, from the revision on.
std::string watch_question(const std::string& prefix, std::int64_t from_revision);
/// Throws std::runtime_error for what is no message of a watch.
EtcdWatchNews watch_news(std::string_view message);

}  // namespace statusfs
