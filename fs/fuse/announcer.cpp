#include "fs/fuse/announcer.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "fs/fuse/fuse_library.hpp"
#include "fs/fuse/task_number.hpp"
#include "fs/store/timestamp.hpp"
#include "mapping/tree/board.hpp"
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

// What a file goes with whose task is this, or which is beside all tasks where that is empty.
ChangedFile changed_file(const std::string& top, const Mapping& mapping, const std::string& task) {
  return {0, inode_number(top), task.empty() ? 0 : task_number(top, mapping, task).get()};
}

// The file of the field, which is in the task or, where that is empty, beside all tasks.
ChangedFile changed_file(const std::string& top, const Mapping& mapping, const std::string& task, const Field& field) {
  const PathNumber scope = task.empty() ? PathNumber().add_name(top) : task_number(top, mapping, task);
  return {PathNumber(scope).add_name(field.path).get(), inode_number(top), task.empty() ? 0 : scope.get()};
}

// The directory of a task.
ChangedFile changed_task(const std::string& top, const Mapping& mapping, const std::string& task) {
  ChangedFile file = changed_file(top, mapping, task);
  file.number = file.task;
  return file;
}

// The same of what the kernel knows.
ChangedFile changed_file(const std::string& top, const Inode& inode) {
  const auto* place = std::get_if<NodePlace>(&inode.place);
  const auto state = place ? place->file->loaded_state() : nullptr;
  ChangedFile file{inode.number, inode_number(top), 0};
  if (state && state->document && place->node.in_task())
    file.task = task_number(top, state->document->mapping(), place->node.task).get();
  return file;
}

// Whether the path below the directory of a status file is that of a directory.
bool is_directory_at(const StatusDocument& document, std::string_view path) {
  Node node;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const auto next = is_board(node) ? std::nullopt : child(document, node, path.substr(0, end));
    if (!next || !is_directory(document, *next)) return false;
    node = *next;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return true;
}

// The files of the tree that a version changed. The directory of a task that was added stands for all that is in it. A
// task's own view changes with each of its values; the file's views,
// events and pages with everything, and are left to the caller.
void add_changed(const std::string& top, const Version& version, std::vector<ChangedFile>& files) {
  const Mapping& mapping = version.document->mapping();
  const std::string* viewed = nullptr;
  for (const ChangedValue& change : version.changes) {
    if (change.field) files.push_back(changed_file(top, mapping, change.task, *change.field));
    if (change.is_whole_task) files.push_back(changed_task(top, mapping, change.task));
    const bool is_viewed = viewed && *viewed == change.task;  // the changes of a task stand together
    if (change.task.empty() || is_viewed || !mapping.view_of_task()) continue;
    files.push_back(changed_file(top, mapping, change.task, *mapping.view_of_task()));
    viewed = &change.task;
  }
  if (version.tasks_listed_anew) files.push_back(changed_file(top, mapping, {}, *mapping.collection));
}

std::vector<std::uint64_t> numbers_of(const std::vector<ChangedFile>& files) {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(files.size());
  for (const ChangedFile& file : files) numbers.push_back(file.number);
  return numbers;
}

// What the kernel may have asked for between the version and the time of its tasks.
void add_numbers_in_added_tasks(const std::string& top, const Version& version, std::vector<std::uint64_t>& numbers) {
  const Mapping& mapping = version.document->mapping();
  for (const ChangedValue& change : version.changes) {
    if (!change.is_whole_task || !version.document->find_task(change.task)) continue;
    const PathNumber task = task_number(top, mapping, change.task);
    for (const Field* field : mapping.task_fields()) numbers.push_back(PathNumber(task).add_name(field->path).get());
  }
}

FieldChanges::Numbers removed_tasks(const std::string& top, std::span<const Version> versions) {
  FieldChanges::Numbers tasks;
  const StatusDocument& document = *versions.back().document;
  for (const Version& version : versions)
    for (const ChangedValue& change : version.changes)
      if (change.is_whole_task && !document.find_task(change.task))
        tasks.insert(task_number(top, document.mapping(), change.task).get());
  return tasks;
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
  std::vector<ChangedFile> files;
  for (const Version& version : versions) add_changed(top, version, files);
  const std::vector<NodeId> gone = drop_removed(top, versions, files);
  // The versions of a group mostly touch the same fields; each is announced once.
  std::ranges::sort(files, {}, &ChangedFile::number);
  const auto is_same = [](const ChangedFile& one, const ChangedFile& other) { return one.number == other.number; };
  files.erase(std::unique(files.begin(), files.end(), is_same), files.end());
  std::vector<std::uint64_t> numbers = numbers_of(files);
  for (const Version& version : versions) add_numbers_in_added_tasks(top, version, numbers);
  const Mapping& mapping = versions.back().document->mapping();
  for (const auto& row : mapping.tree)
    if (shows_every_change(row->type)) files.push_back(changed_file(top, mapping, {}, *row));
  std::vector<PollHandle> waiters = changes_.add(files, std::chrono::system_clock::now());
  // After the times: what the kernel gets to know from now on has the new one.
  std::vector<NodeId> ids = inodes_.known(numbers);
  inodes_.set_gone(gone);  // before the writer is answered, whose kernel may know the directory for dead
  changes_.forget_tasks(removed_tasks(top, versions));
  events_.of(file.name())->append(versions);
  announce_inodes(std::move(ids), versions.size() == 1);
  wake_later(std::move(waiters));
}

// Everything below the directory of a task that is gone has changed, and its name has to go. So it is with a value that
// no row shows: it may be gone, or a directory where it was a file. Returns the inodes of the tasks that are gone.
std::vector<NodeId> Announcer::drop_removed(const std::string& top, std::span<const Version> versions,
                                            std::vector<ChangedFile>& files) {
  InodeTable::Paths tasks, values;
  for (const Version& version : versions) {
    const StatusDocument& document = *version.document;
    for (const ChangedValue& change : version.changes) {
      if (change.is_whole_task && !document.find_task(change.task))
        tasks.insert(joined(top, path_of(document, {Node::Kind::task, nullptr, change.task, {}})));
      if (change.unknown.is_root()) continue;
      ChangedFile file = changed_file(top, document.mapping(), change.task);
      const std::string path =
          joined(top, path_of(document, {Node::Kind::unknown, nullptr, change.task, change.unknown}));
      file.number = inode_number(path);
      files.push_back(file);
      values.insert(path);
    }
  }
  for (const std::string& path : tasks) scratch_.remove_below(path);
  if (!values.empty()) drop_scratch_without_place(top, *versions.back().document);
  std::vector<NodeId> gone;
  for (const auto& inode : inodes_.known_below(tasks))
    if (std::holds_alternative<NodePlace>(inode->place)) gone.push_back(inode->id);
  tasks.merge(values);
  for (const auto& inode : inodes_.known_below(tasks)) files.push_back(changed_file(top, *inode));
  for (const std::string& path : tasks) drop_name(path);
  return gone;
}

void Announcer::drop_scratch_without_place(const std::string& top, const StatusDocument& document) {
  const std::size_t below = top.empty() ? 0 : top.size() + 1;
  for (const std::string& directory : scratch_.directories_below(top))
    if (!is_directory_at(document, std::string_view(directory).substr(std::min(below, directory.size()))))
      scratch_.remove_below(directory);
}

void Announcer::forget_inodes_of_gone_tasks(const std::string& top, const StatusDocument& document) {
  std::vector<NodeId> gone;
  for (const auto& inode : inodes_.known_below(top)) {
    const auto* place = std::get_if<NodePlace>(&inode->place);
    if (place && place->node.in_task() && !document.find_task(place->node.task)) gone.push_back(inode->id);
  }
  inodes_.set_gone(gone);
}

void Announcer::keep_changes_of_tasks(const std::string& top, const StatusDocument& document) {
  FieldChanges::Numbers tasks;
  for (std::size_t position = 0; position < document.task_count(); ++position)
    tasks.insert(task_number(top, document.mapping(), std::string(document.task_id(position))).get());
  changes_.keep_tasks(inode_number(top), tasks);
}

// After the inodes: who is woken reads what has been announced.
void Announcer::wake_later(std::vector<PollHandle> waiters) {
  if (waiters.empty() || !target().session) return;
  const auto shared = std::make_shared<const std::vector<PollHandle>>(std::move(waiters));
  inode_worker_.post([shared] { wake(*shared); });
}

void Announcer::drop_everything_below(const std::string& path) {
  std::vector<NodeId> ids;
  std::vector<ChangedFile> files;
  for (const auto& inode : inodes_.known_below(path)) {
    files.push_back(changed_file(path, *inode));
    ids.push_back(inode->id);
    if (!inode->path.empty()) drop_name(inode->path);
  }
  std::vector<PollHandle> waiters = changes_.add(files, std::chrono::system_clock::now());
  announce_inodes(std::move(ids), false);
  wake_later(std::move(waiters));
}

// What a change by another program leaves without its task is found here, too.
void Announcer::state_replaced(StatusFile& file) {
  const std::string top = top_of(file);
  const auto state = file.loaded_state();
  const StatusDocument* document = state ? state->document.get() : nullptr;
  if (document) drop_scratch_without_place(top, *document);
  drop_everything_below(top);
  if (!document) return;
  forget_inodes_of_gone_tasks(top, *document);
  keep_changes_of_tasks(top, *document);
}

// Inodes of whole versions hold their document; the kernel forgets them with their names, unless they are open.
void Announcer::document_freed(StatusFile& file) {
  for (const auto& inode : inodes_.known_immutable_below(top_of(file))) drop_name(inode->path);
}

void Announcer::root_changed() {
  static_assert(root_id == FUSE_ROOT_ID);
  static constexpr ChangedFile root{root_number};
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
  changes_.forget_top(inode_number(top));
}

}  // namespace statusfs
