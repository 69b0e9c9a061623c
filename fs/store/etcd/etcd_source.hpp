// The status files below a prefix in etcd.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "fs/store/etcd/commit_queue.hpp"
#include "fs/store/etcd/etcd_services.hpp"
#include "fs/store/etcd/file_feed.hpp"
#include "fs/store/etcd/host_presence.hpp"
#include "fs/store/etcd/prefix_watch.hpp"
#include "fs/store/status_source.hpp"

namespace statusfs {

struct EtcdSourceOptions {
  EtcdAccess access;
  std::string prefix;
  std::string host;              ///< our name
  std::string statusfs_version;  ///< shown to others
  bool read_only = false;
};

class EtcdSource final : public StatusSource {
 public:
  /// Reads what is there. Throws EtcdError where no quorum answers or etcd does not let us in.
  EtcdSource(EtcdSourceOptions options, std::shared_ptr<const Mapping> mapping);
  ~EtcdSource() override;

  /// The global counter of all files of the prefix.
  GlobalCounter& counter() noexcept { return *queue_; }

  bool shows_one_file() const override { return false; }
  std::optional<std::string> local_directory() const override { return std::nullopt; }
  std::vector<std::string> list() override;
  bool has(const std::string& stem) override;
  OpenedFile open(const std::string& stem) override;
  PlanReading read_plan(const std::string& file_name) override;
  void watch(StatusSourceObserver& observer) override;
  void stop_watching() override;
  bool has_hosts() const override { return true; }
  std::vector<std::string> hosts() override;
  std::string host_text(const std::string& host) override;

 private:
  struct Named {
    std::string value;
    std::int64_t revision = 0;
    std::int64_t lease = 0;
  };
  std::int64_t read_all();
  void changed(const std::vector<EtcdEvent>& events);
  void take_event(const EtcdEvent& event, const std::set<std::pair<std::string, std::int64_t>>& mutations,
                  std::map<std::string, FileFeed::News>& heard, std::set<std::string>& names);
  void take_turn_event(const EtcdEvent& event);
  std::shared_ptr<FileFeed> feed_of(const std::string& stem);
  void connection_lost(const std::string& reason);
  void connection_returned();
  StatusSourceObserver* observer() const;
  void all_lost_track();

  const EtcdSourceOptions options_;
  const std::shared_ptr<const Mapping> mapping_;
  const KeyLayout layout_;
  EtcdClient client_;

  mutable std::mutex mutex_;  // guards all below up to observer_; taken before that of a FileFeed
  std::set<std::string> stems_;
  std::map<std::string, std::weak_ptr<FileFeed>> feeds_;
  std::map<std::string, Named> plans_;
  std::map<std::string, Named> hosts_;
  StatusSourceObserver* observer_ = nullptr;

  HostPresence presence_;
  QuorumMonitor monitor_;
  std::unique_ptr<CommitQueue> queue_;
  std::unique_ptr<PrefixWatch> watch_;
};

}  // namespace statusfs
