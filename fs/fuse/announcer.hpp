// Tells the kernel what changed.
//
// Two threads, because the kernel may block an announcement (facts measured on Linux 6.18):
// - inodes: what was published is invalidated first, then its writer is answered. So whoever reads after a write
//   returned sees it, attributes included. A group of one is announced by the thread that committed it, where that one
//   may wait for the kernel, which saves waking another; larger ones are handed over to a thread that holds no lock and
//   serves nothing, so that the next group need not wait for them.
// - names: dropping a name waits while some mkdir or rename in that directory waits for its reply. No reply ever queues
//   behind it.
#pragma once

#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "fs/engine/refusal_log.hpp"
#include "fs/engine/status_directory.hpp"
#include "fs/fuse/event_stream.hpp"
#include "fs/fuse/field_changes.hpp"
#include "fs/fuse/inode_table.hpp"
#include "fs/fuse/scratch.hpp"
#include "fs/fuse/serial_worker.hpp"
#include "fs/fuse/spare_threads.hpp"

struct fuse_session;

namespace statusfs {

/// Thread safety: any thread.
class Announcer final : public StatusDirectoryObserver {
 public:
  /// All references must outlive this.
  Announcer(InodeTable& inodes, FieldChanges& changes, EventStreams& events, RefusalLog& refusals,
            ScratchTable& scratch, unsigned serving_threads)
      : inodes_(inodes),
        changes_(changes),
        events_(events),
        refusals_(refusals),
        scratch_(scratch),
        waiting_for_kernel_(serving_threads) {}
  ~Announcer() override = default;

  /// Nothing is announced before and after the time in which there is a session.
  void set_session(fuse_session* session, bool shows_one_file);

  /// Returns when everything that was handed over is done, and forgets the session.
  void drain();

  /// Does the work once everything that was published before by the calling thread has been announced; at once where
  /// that is so.
  void after_announcements(std::function<void()> work) { inode_worker_.do_or_post(std::move(work)); }

  void versions_published(StatusFile& file, std::span<const Version> versions) override;
  void state_replaced(StatusFile& file) override;
  void document_freed(StatusFile& file) override;
  void file_appeared(const std::shared_ptr<StatusFile>& file) override;
  void file_vanished(const std::string& name) override;
  void warned(const std::string& name, const std::string& message) override;

 private:
  struct Target {
    fuse_session* session = nullptr;
    bool shows_one_file = false;
  };
  Target target() const;
  std::string top_of(const StatusFile& file) const;
  void announce_inodes(std::vector<NodeId> ids, bool at_once);
  std::vector<NodeId> drop_removed(const std::string& top, std::span<const Version> versions,
                                   std::vector<ChangedFile>& files);
  void drop_scratch_without_place(const std::string& top, const StatusDocument& document);
  void forget_inodes_of_gone_tasks(const std::string& top, const StatusDocument& document);
  void keep_changes_of_tasks(const std::string& top, const StatusDocument& document);
  void root_changed();
  void wake_later(std::vector<PollHandle> waiters);
  void drop_name(const std::string& path);
  void drop_everything_below(const std::string& path);

  InodeTable& inodes_;
  FieldChanges& changes_;
  EventStreams& events_;
  RefusalLog& refusals_;
  ScratchTable& scratch_;
  SpareThreads waiting_for_kernel_;  // who committed may be a thread that serves requests

  mutable std::mutex mutex_;  // guards target_; innermost
  Target target_;

  SerialWorker inode_worker_;
  SerialWorker name_worker_;
};

}  // namespace statusfs
