#include "fs/fuse/announcer.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "fs/fuse/fuse_library.hpp"
#include "fs/store/timestamp.hpp"
#include "mapping/tree/names.hpp"
#include "mapping/tree/node.hpp"

namespace statusfs {
namespace {

std::string joined(const std::string& top, const std::string& path) {
  if (top.empty() || path.empty()) return top + path;
  return top + "/" + path;
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

PathNumber task_number(const std::string& top, const Mapping& mapping, const std::string& task) {
  return PathNumber().add_name(top).add_name(mapping.collection->name).add_name(encode_name(task));
}

// The file of the field, which is in the task or, where that is empty, beside all tasks.
std::uint64_t number_of(const std::string& top, const Mapping& mapping, const std::string& task, const Field& field) {
  PathNumber scope = task.empty() ? PathNumber().add_name(top) : task_number(top, mapping, task);
  return scope.add_name(field.path).get();
}

// The files of the tree that a version changed. A task's own view changes with each of its values; the file's views,
// events and pages with everything, and are left to the caller.
void add_changed(const std::string& top, const Version& version, std::vector<std::uint64_t>& numbers) {
  const Mapping& mapping = version.document->mapping();
  const std::string* viewed = nullptr;
  for (const ChangedValue& change : version.changes) {
    if (change.field) numbers.push_back(number_of(top, mapping, change.task, *change.field));
    const bool is_viewed = viewed && *viewed == change.task;  // the changes of a task stand together
    if (change.task.empty() || is_viewed || !mapping.view_of_task()) continue;
    numbers.push_back(number_of(top, mapping, change.task, *mapping.view_of_task()));
    viewed = &change.task;
  }
  if (version.tasks_listed_anew) numbers.push_back(number_of(top, mapping, {}, *mapping.collection));
}

bool shows_every_change(FieldType type) {
  return type == FieldType::view || type == FieldType::events || type == FieldType::page;
}

}  // namespace

void Announcer::set_session(fuse_session* session, bool shows_one_file) {
  const std::lock_guard lock(mutex_);
  target_ = {session, shows_one_file};
}

void Announcer::drain() {
  set_session(nullptr, target().shows_one_file);
  for (SerialWorker* worker : {&name_worker_, &inode_worker_}) worker->drain();
}

Announcer::Target Announcer::target() const {
  const std::lock_guard lock(mutex_);
  return target_;
}

std::string Announcer::top_of(const StatusFile& file) const {
  return target().shows_one_file ? std::string() : file.name();
}

void Announcer::announce_inodes(std::vector<NodeId> ids, bool at_once) {
  fuse_session* session = target().session;
  if (ids.empty() || !session) return;
  auto work = [session, ids = std::move(ids)] {
    for (const NodeId id : ids) fuse_lowlevel_notify_inval_inode(session, id, 0, 0);
  };
  const SpareThreads::Permit permit(waiting_for_kernel_);
  if (at_once && permit)
    inode_worker_.do_or_post(std::move(work));
  else
    inode_worker_.post(std::move(work));
}

void Announcer::drop_name(const std::string& path) {
  fuse_session* session = target().session;
  const auto directory = inodes_.known(parent_of(path));
  if (!session || !directory) return;
  name_worker_.post([session, directory = *directory, name = name_of(path)] {
    fuse_lowlevel_notify_inval_entry(session, directory, name.c_str(), name.size());
    fuse_lowlevel_notify_inval_inode(session, directory, 0, 0);
  });
}

void Announcer::versions_published(StatusFile& file, std::span<const Version> versions) {
  if (versions.empty()) return;
  const std::string top = top_of(file);
  std::vector<std::uint64_t> numbers;
  for (const Version& version : versions) add_changed(top, version, numbers);
  drop_removed(top, versions, numbers);
  // The versions of a group mostly touch the same fields; each is announced once.
  std::ranges::sort(numbers);
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  std::vector<NodeId> ids = inodes_.known(numbers);
  const Mapping& mapping = versions.back().document->mapping();
  for (const auto& row : mapping.tree)
    if (shows_every_change(row->type)) numbers.push_back(number_of(top, mapping, {}, *row));
  std::vector<PollHandle> waiters = changes_.add(numbers, std::chrono::system_clock::now());
  events_.of(file.name())->append(versions);
  announce_inodes(std::move(ids), versions.size() == 1);
  wake_later(std::move(waiters));
}

// Everything below the directory of a task that is gone has changed, and its name has to go. So it is with a value that
// no row shows: it may be gone, or a directory where it was a file.
void Announcer::drop_removed(const std::string& top, std::span<const Version> versions,
                             std::vector<std::uint64_t>& numbers) {
  InodeTable::Paths tasks, values;
  for (const Version& version : versions) {
    for (const ChangedValue& change : version.changes) {
      if (change.is_whole_task && !version.document->find_task(change.task))
        tasks.insert(joined(top, path_of(*version.document, {Node::Kind::task, nullptr, change.task, {}})));
      if (!change.unknown.is_root())
        values.insert(
            joined(top, path_of(*version.document, {Node::Kind::unknown, nullptr, change.task, change.unknown})));
    }
  }
  for (const std::string& path : tasks) scratch_.remove_below(path);
  for (const std::string& path : values) numbers.push_back(inode_number(path));
  tasks.merge(values);
  for (const auto& inode : inodes_.known_below(tasks)) numbers.push_back(inode->number);
  for (const std::string& path : tasks) drop_name(path);
}

// After the inodes: who is woken reads what has been announced.
void Announcer::wake_later(std::vector<PollHandle> waiters) {
  if (waiters.empty() || !target().session) return;
  const auto shared = std::make_shared<const std::vector<PollHandle>>(std::move(waiters));
  inode_worker_.post([shared] { wake(*shared); });
}

void Announcer::drop_everything_below(const std::string& path) {
  std::vector<NodeId> ids;
  std::vector<std::uint64_t> numbers;
  for (const auto& inode : inodes_.known_below(path)) {
    numbers.push_back(inode->number);
    ids.push_back(inode->id);
    if (!inode->path.empty()) drop_name(inode->path);
  }
  std::vector<PollHandle> waiters = changes_.add(numbers, std::chrono::system_clock::now());
  announce_inodes(std::move(ids), false);
  wake_later(std::move(waiters));
}

void Announcer::state_replaced(StatusFile& file) { drop_everything_below(top_of(file)); }

// Inodes of whole versions hold their document; the kernel forgets them with their names, unless they are open.
void Announcer::document_freed(StatusFile& file) {
  for (const auto& inode : inodes_.known_immutable_below(top_of(file))) drop_name(inode->path);
}

void Announcer::root_changed() {
  static constexpr std::uint64_t root = FUSE_ROOT_ID;
  wake_later(changes_.add({&root, 1}, std::chrono::system_clock::now()));
}

// Where the mount shows one file, another that takes its name is what the root shows from now on.
void Announcer::file_appeared(const std::shared_ptr<StatusFile>& file) {
  root_changed();
  if (!target().shows_one_file) return drop_name(file->name());
  inodes_.set_root(NodePlace{file, Node{}});
  drop_everything_below("");
}

// Who looks for a reason in .statusfs/errors finds there what no writer was told, too.
void Announcer::warned(const std::string& name, const std::string& message) {
  refusals_.add({format_timestamp(std::chrono::system_clock::now()), std::string(RefusalLog::warning), name, "STATUSFS",
                 getuid(), getpid(), 0, message});
}

void Announcer::file_vanished(const std::string& name) {
  root_changed();
  const std::string top = target().shows_one_file ? std::string() : name;
  scratch_.remove_below(top);
  events_.remove(name);
  drop_everything_below(top);
}

}  // namespace statusfs
