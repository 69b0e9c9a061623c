// Where the status files of a mount live: the interface that the engine finds files through.
//
// A directory of this machine (fs/store/local) is one; a prefix in etcd is another.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fs/store/file_names.hpp"
#include "fs/store/store.hpp"

namespace statusfs {

/// One reading of a plan (exec_plan_<g>.txt).
struct PlanReading {
  std::string path;                 ///< what the plan is called in messages
  std::optional<std::string> text;  ///< nothing: there is none
  std::string failure;              ///< why it could not be read; empty otherwise
  std::function<bool()>
      is_unchanged;  ///< whether reading again would give the same; cheap. Outlives the source's watch, not the source
};

/// A status file, opened without having been read as a whole.
struct OpenedFile {
  std::unique_ptr<Store> store;
  std::optional<std::int64_t> g;  ///< of its newest record; nothing when that is not known
  bool needs_loading = false;     ///< something must be recovered, begun or adopted before anybody sees it
};

/// Told from a thread of the source, with none of its locks held. Must not throw.
class StatusSourceObserver {
 public:
  virtual ~StatusSourceObserver() = default;
  /// The status file or plan of this name appeared, changed or vanished; an empty name: any of them may have.
  virtual void name_changed(const std::string& file_name) = 0;
  /// No quorum answers: nothing can be written, and what is read may be old.
  virtual void connection_lost(const std::string& /*reason*/) {}
  /// It answers again.
  virtual void connection_returned() {}
  /// What became of a mutation of the file whose writer was told that its outcome is unknown.
  virtual void outcome_found(const std::string& /*stem*/, const std::string& /*outcome*/) {}
};

/// Thread safety: any thread; watch() and stop_watching() one thread.
class StatusSource {
 public:
  virtual ~StatusSource() = default;

  /// Whether it is a single status file, whose tree is the root of the mount.
  virtual bool shows_one_file() const = 0;
  /// The directory of this machine that it lies in; nothing where it lies elsewhere.
  virtual std::optional<std::string> local_directory() const = 0;

  /// The stems of all status files, sorted. Throws std::exception where the source cannot be used.
  virtual std::vector<std::string> list() = 0;
  /// Whether the file, or any part of it, is there.
  virtual bool has(const std::string& stem) = 0;
  /// Whether no part of one that has a chain is missing: whoever removes a file removes what belongs to it one after
  /// another.
  virtual bool is_complete(const std::string& stem) { return has(stem); }
  /// Whether one that nobody has opened yet is there with all of its parts, and each to its end: whoever puts a file
  /// here puts them one after another.
  virtual bool has_arrived(const std::string& stem) { return is_complete(stem); }
  /// Throws std::exception where it cannot be opened. Waits for whoever has it only until watch(): what appears later
  /// may still be held under another name.
  virtual OpenedFile open(const std::string& stem) = 0;
  virtual PlanReading read_plan(const std::string& file_name) = 0;

  /// The hosts that have the source mounted, where it is known.
  virtual std::vector<std::string> hosts() { return {}; }
  /// What is known of one, as a line of JSON; empty where there is none of this name.
  virtual std::string host_text(const std::string& /*host*/) { return {}; }
  /// Whether there is anything to know of hosts.
  virtual bool has_hosts() const { return false; }

  /// Tells the observer of changes from now on. The observer must live until stop_watching().
  virtual void watch(StatusSourceObserver& observer) = 0;
  /// Returns when the observer is told no more.
  virtual void stop_watching() = 0;
};

}  // namespace statusfs
