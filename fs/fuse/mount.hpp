// Everything that one mount consists of, for the FUSE operations.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "fs/engine/refusal_log.hpp"
#include "fs/engine/status_directory.hpp"
#include "fs/fuse/announcer.hpp"
#include "fs/fuse/handle_table.hpp"
#include "fs/fuse/inode_attributes.hpp"
#include "fs/fuse/inode_table.hpp"
#include "fs/fuse/open_file.hpp"
#include "fs/fuse/serial_worker.hpp"
#include "fs/fuse/spare_threads.hpp"
#include "fs/fuse/tree_view.hpp"
#include "fs/identity/label_reader.hpp"
#include "fs/identity/thread_groups.hpp"

namespace statusfs {

/// A directory that is being read.
struct OpenDirectory {
  std::shared_ptr<const Inode> inode;
  std::mutex mutex;  // guards entries; taken before those of the files that are listed
  std::optional<std::vector<DirectoryEntry>> entries;  ///< what it held when the reading began; nothing before
};

/// Thread safety: any thread.
class Mount {
 public:
  /// Opens every status file of the source, which must outlive this. `serving_threads`: at most so many will answer the
  /// kernel. Throws as StatusDirectory does.
  Mount(StatusSource& source, const EngineContext& context, Presentation presentation, unsigned serving_threads);
  ~Mount();

  const EngineContext& context;
  const Presentation presentation;
  RefusalLog refusals;
  FieldChanges changes;
  SpareThreads waiting_for_disk;  ///< threads that serve requests and may wait for it
  ScratchTable scratch;
  EventStreams events;
  StatusDirectory& directory() noexcept { return *directory_; }
  const TreeView& tree() const noexcept { return *tree_; }
  const InodeAttributes& attributes() const noexcept { return *attributes_; }
  InodeTable& inodes() noexcept { return *inodes_; }
  Announcer& announcer() noexcept { return *announcer_; }

  HandleTable<OpenFile> files;
  HandleTable<OpenDirectory> directories;
  SerialWorker settle_worker;  ///< waits for the disk on behalf of fsync(2)

  /// To be called once no request arrives any more, while they can still be answered: carries out what was queued,
  /// brings the JSON files up to date and tells the kernel no more.
  void close();

  /// Who is writing. His labels are asked of /proc each time: a process that executes another program keeps its id and
  /// gets another environment. They are left out where they do not come in time (LabelReader).
  Author author_of(const Caller& caller);
  /// The same without labels: enough to decide whether the caller may write.
  Author authority_of(const Caller& caller) const;
  Caller identify(uid_t uid, gid_t gid, pid_t thread);

  /// Writes the refusal down and returns its errno.
  int refuse(const Rejection& rejection, const Caller& caller, const std::string& persona, const std::string& path);

  /// Writes down that an accepted write broke a rule whose mode is warn.
  void warn(const RuleWarning& warning, const Caller& caller, const std::string& persona, const std::string& path);

  std::function<void()> on_ready;  ///< called while the kernel's first request is answered

 private:
  Labels labels_of(pid_t pid);

  ThreadGroups thread_groups_;
  SpareThreads waiting_for_labels_;  // of processes that may wait for us
  LabelReader label_reader_;
  std::unique_ptr<InodeTable> inodes_;
  std::unique_ptr<Announcer> announcer_;  // before the directory, which calls it
  std::unique_ptr<StatusDirectory> directory_;
  std::unique_ptr<TreeView> tree_;
  std::unique_ptr<InodeAttributes> attributes_;
};

}  // namespace statusfs
