#include "fs/fuse/announcer.hpp"

#include <unistd.h>

#include <set>

#include "fs/fuse/fuse_library.hpp"
#include "fs/store/timestamp.hpp"
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

// The file that shows a changed value: the field at or around it.
std::optional<Node> node_of(const Mapping& mapping, const ChangedValue& change) {
  for (Pointer pointer = change.pointer; !pointer.is_root(); pointer = pointer.parent())
    if (const Field* field = mapping.at(pointer, !change.task.empty()))
      return Node{Node::Kind::field, field, change.task, {}};
  return std::nullopt;
}

// The task's own view changes with each of its values.
const Field* view_of_task(const Mapping& mapping) {
  for (const Field* field : mapping.task_fields())
    if (field->type == FieldType::view) return field;
  return nullptr;
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
  if (at_once)
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
  const std::string top = top_of(file);
  const auto now = std::chrono::system_clock::now();
  std::vector<NodeId> ids;
  std::vector<PollHandle> waiters;
  // The versions of a group mostly touch the same fields; each is looked up once.
  std::set<std::pair<const Field*, std::string>> seen;
  const auto touched = [&](const StatusDocument& document, const Node& node) {
    if (!seen.emplace(node.field, node.task).second) return;
    const std::string path = joined(top, path_of(document, node));
    changed(path, now, waiters);
    if (const auto id = inodes_.known(path)) ids.push_back(*id);
  };
  for (const Version& version : versions) {
    const StatusDocument& document = *version.document;
    const Mapping& mapping = document.mapping();
    for (const ChangedValue& change : version.changes) {
      if (const auto node = node_of(mapping, change)) touched(document, *node);
      if (change.task.empty()) continue;
      if (const Field* view = view_of_task(mapping)) touched(document, {Node::Kind::field, view, change.task, {}});
      if (change.pointer.is_root() && !document.find_task(change.task)) {
        const std::string path = joined(top, path_of(document, {Node::Kind::task, nullptr, change.task, {}}));
        for (const auto& inode : inodes_.known_below(path)) changed(inode->path, now, waiters);
        drop_name(path);
      }
    }
    if (version.tasks_listed_anew) touched(document, {Node::Kind::field, mapping.collection, {}, {}});
  }
  if (!versions.empty()) {
    const Mapping& mapping = versions.back().document->mapping();
    for (const auto& row : mapping.tree)
      if (shows_every_change(row->type)) changed(joined(top, row->name), now, waiters);
    events_.of(file.name())->append(versions);
  }
  announce_inodes(std::move(ids), versions.size() == 1);
  wake_later(std::move(waiters));
}

void Announcer::changed(const std::string& path, std::chrono::system_clock::time_point time,
                        std::vector<PollHandle>& waiters) {
  const std::uint64_t number = inode_number(path);
  times_.set(number, time);
  std::ranges::move(watches_.change(number), std::back_inserter(waiters));
}

// After the inodes: who is woken reads what has been announced.
void Announcer::wake_later(std::vector<PollHandle> waiters) {
  if (waiters.empty() || !target().session) return;
  const auto shared = std::make_shared<const std::vector<PollHandle>>(std::move(waiters));
  inode_worker_.post([shared] { wake(*shared); });
}

void Announcer::drop_everything_below(const std::string& path) {
  std::vector<NodeId> ids;
  std::vector<PollHandle> waiters;
  const auto now = std::chrono::system_clock::now();
  for (const auto& inode : inodes_.known_below(path)) {
    changed(inode->path, now, waiters);
    ids.push_back(inode->id);
    if (!inode->path.empty()) drop_name(inode->path);
  }
  announce_inodes(std::move(ids), false);
  wake_later(std::move(waiters));
}

void Announcer::state_replaced(StatusFile& file) { drop_everything_below(top_of(file)); }

// Where the mount shows one file, another that takes its name is what the root shows from now on.
void Announcer::file_appeared(const std::shared_ptr<StatusFile>& file) {
  times_.set(FUSE_ROOT_ID, std::chrono::system_clock::now());
  if (!target().shows_one_file) return drop_name(file->name());
  inodes_.set_root(NodePlace{file, Node{}});
  drop_everything_below("");
}

// The writer was told EIO; who looks for the reason in .statusfs/errors finds the end of the story there, too.
void Announcer::outcome_found(const std::string& name, const std::string& outcome) {
  refusals_.add({format_timestamp(std::chrono::system_clock::now()), std::string(RefusalLog::warning), name, "STATUSFS",
                 getuid(), getpid(), 0, outcome});
}

void Announcer::file_vanished(const std::string& name) {
  times_.set(FUSE_ROOT_ID, std::chrono::system_clock::now());
  drop_everything_below(target().shows_one_file ? std::string() : name);
}

}  // namespace statusfs
