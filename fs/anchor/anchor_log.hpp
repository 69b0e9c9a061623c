// Checkpoints of all status files of a mount, appended to a file that is best kept where their writers cannot write.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "fs/on_demand_thread.hpp"
#include "fs/signing/ed25519.hpp"
#include "fs/store/local/files.hpp"
#include "mapping/chain/checkpoint.hpp"

namespace statusfs {

/// When a chain that moved on gets a line.
struct AnchorSchedule {
  std::uint64_t versions = 100;              ///< this many versions after its last line
  std::chrono::milliseconds delay{600'000};  ///< or so long after its first version that no line tells of
  std::chrono::milliseconds retry{60'000};   ///< after a line could not be written
};

/// A line is statusfs-checkpoint-1, as `statusfs anchor` prints it. What was anchored when, before this mount, is read
/// from the log itself, so that many short mounts anchor as one long one does.
///
/// Thread safety: any thread. Lines are written by a thread of its own, under flock(2), so that mounts may share a log.
class AnchorLog {
 public:
  using Notice = std::function<void(const std::string& message)>;

  /// Makes the file if there is none. `key` signs the lines; nullptr: they are marked unsigned. `files` must outlive
  /// this. Throws std::system_error where it cannot be written.
  AnchorLog(Files& files, std::string path, std::shared_ptr<const SigningKey> key, Notice notice,
            AnchorSchedule schedule = {});
  ~AnchorLog();
  AnchorLog(const AnchorLog&) = delete;
  AnchorLog& operator=(const AnchorLog&) = delete;

  /// Where a chain stands now, its line number in `lines`; durable.
  void stands_at(Checkpoint newest);

 private:
  using Time = OnDemandThread::Time;
  struct Chain {
    Checkpoint newest;
    std::uint64_t anchored_version = 0;    // 0: no line tells of the chain
    std::optional<Time> unanchored_since;  // nothing: the newest is anchored
  };

  void learn(std::string_view text);
  Time due(const Chain& chain) const;
  std::optional<Time> step();
  std::optional<Checkpoint> take_due(Time now);
  bool write(Checkpoint checkpoint);
  void append(const std::string& line);

  Files& files_;
  const std::string path_;
  const std::shared_ptr<const SigningKey> key_;
  const Notice notice_;
  const AnchorSchedule schedule_;

  std::mutex mutex_;                     // innermost; never held while the file is touched. Guards:
  std::map<std::string, Chain> chains_;  // by file id
  std::optional<Time> retry_at_;         // after a failure

  OnDemandThread checkpointer_;  // last: its thread uses all of the above
};

}  // namespace statusfs
