// The status files of a mount.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "fs/engine/engine_context.hpp"
#include "fs/engine/status_file.hpp"
#include "fs/on_demand_thread.hpp"
#include "fs/store/status_source.hpp"

namespace statusfs {

class StatusDirectoryObserver : public StatusFileObserver {
 public:
  /// A status file appeared or vanished. From the watch's thread. Must not throw.
  virtual void file_appeared(const std::shared_ptr<StatusFile>& file) = 0;
  virtual void file_vanished(const std::string& name) = 0;
};

/// Thread safety: any thread.
class StatusDirectory final : private StatusSourceObserver {
 public:
  /// Opens every file, several at a time, and loads those that must be recovered. Throws what the source throws.
  StatusDirectory(StatusSource& source, const EngineContext& context, StatusDirectoryObserver& observer);
  ~StatusDirectory() override;

  /// Files that come and go are followed from now on, and each is looked at once in the background.
  void watch();

  StatusSource& source() const noexcept { return source_; }
  bool shows_one_file() const { return source_.shows_one_file(); }
  std::vector<std::string> names() const;
  std::shared_ptr<StatusFile> find(std::string_view name) const;
  std::vector<std::shared_ptr<StatusFile>> files() const;
  /// Follows no more changes, and returns when every job that was queued has been answered.
  void drain();
  /// Everything committed is in the JSON files. Throws Rejection with the first failure, after all were tried.
  void settle();

 private:
  void name_changed(const std::string& file_name) override;
  void connection_lost(const std::string& reason) override;
  void connection_returned() override;
  void outcome_found(const std::string& stem, const std::string& outcome) override;
  void open_all(const std::vector<std::string>& stems);
  struct Opening {
    std::shared_ptr<StatusFile> file;
    bool needs_loading = false;
  };
  Opening open(const std::string& stem);
  static void load_if_needed(const Opening& opening);
  void look_at_name(const std::string& file_name);
  void file_changed(const std::string& stem);
  void look_at(const std::string& stem, const std::function<void(StatusFile& file)>& check);
  bool is_whole(const std::string& stem, const StatusFile* known) const;
  void check_known(StatusFile& file, const std::function<void(StatusFile& file)>& check);
  std::vector<std::string> stems_come_or_gone() const;
  std::vector<std::string> stems_to_look_at() const;
  void look_at_all(const std::stop_token& stop);
  void stop_watching();
  void rescan();
  void vanished(const std::string& stem);
  void look_at_unshown();
  void appeared(const std::string& stem);
  bool is_unshown(const std::string& stem) const;
  bool is_given_up(const std::string& stem);
  std::optional<OnDemandThread::Time> look_again();
  template <typename Names>
  Names copy_of(const Names& names) const {
    const std::lock_guard lock(mutex_);
    return names;
  }

  StatusSource& source_;
  const EngineContext& context_;
  StatusDirectoryObserver& observer_;

  std::mutex looking_;  // held while a file is opened or dropped after the first: taken before all others

  mutable std::mutex mutex_;  // guards what follows; no other lock is taken while it is held
  std::map<std::string, std::shared_ptr<StatusFile>, std::less<>> files_;
  std::set<std::string> unshown_;  // that appeared and could not be opened: another program may hold the journal
  // Files that parts are missing of, or have not come yet, and when they are looked at again.
  std::map<std::string, OnDemandThread::Time> incomplete_;

  OnDemandThread second_look_{[this] { return look_again(); }};
  std::jthread first_look_;  // last: it uses all of the above
};

}  // namespace statusfs
