#include <cerrno>

#include "fs/fuse/operations.hpp"
#include "fs/fuse/request.hpp"
#include "mapping/document/utf8.hpp"
#include "mapping/rules/proposal.hpp"
#include "mapping/tree/names.hpp"

namespace statusfs {
namespace {

// The collection of a status file, if that is what the inode stands for.
const NodePlace* collection_at(const Inode& inode) {
  const auto* place = std::get_if<NodePlace>(&inode.place);
  const bool is_collection =
      place && place->node.kind == Node::Kind::field && place->node.field->type == FieldType::collection;
  return is_collection ? place : nullptr;
}

std::string task_id_of(std::string_view name) {
  require_name_size(name);
  if (name.starts_with('.'))
    throw Rejection(Cause::invalid, "a task id that begins with a dot is written %2E" + std::string(name.substr(1)));
  auto id = decode_name(name);
  if (!id) throw Rejection(Cause::invalid, "'%' must be followed by two hex digits; '%' itself is written %25");
  if (!is_valid_utf8(*id)) throw Rejection(Cause::invalid, "a task id must be valid UTF-8");
  return *std::move(id);
}

// The id of the task that is to be added; a name that is none is refused for what any other would be first.
std::string id_of_new_task(const NodePlace& collection, const Author& author, std::string_view name) try {
  return task_id_of(name);
} catch (const Rejection&) {
  if (const auto state = collection.file->state(); state->document)
    require_adding_permitted(*state->document, {author, state->plan.get()});
  throw;
}

void answer_mkdir(const PendingName& pending, const NodePlace& place, const std::string& id, bool is_own_name) {
  const Node task{Node::Kind::task, nullptr, id, {}};
  const auto inode = pending.mount.inodes().look_up(pending.path, NodePlace{place.file, task});
  // A task that was made under another spelling of its name is found under its own from now on.
  send_entry(pending.request, pending.mount, inode, is_own_name ? announced_timeout : 0);
}

void make_directory(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t) {
  guarded_name(request, parent, name, [&](Mount& mount) -> Reply {
    const auto directory = inode_of(mount, parent);
    const NodePlace* collection = collection_at(*directory);
    if (!collection) throw Rejection(Cause::not_permitted, what_can_be_made);
    const Caller caller = caller_of(request);
    Author author = mount.author_of(caller);
    const std::string id = id_of_new_task(*collection, author, name);
    const PendingName pending{request, mount, caller, author.persona, path_below(*directory, name)};
    const bool is_own_name = encode_name(id) == name;
    const auto done = [pending, place = *collection, id, is_own_name](const std::optional<Rejection>& refusal) {
      if (!pending.answered_refusal(refusal)) answer_mkdir(pending, place, id, is_own_name);
    };
    collection->file->submit(
        {WriteRequest{WriteRequest::Kind::add_task, collection->node, id}, std::move(author), done, pending.warned()});
    return later();
  });
}

void remove_directory(fuse_req_t request, fuse_ino_t parent, const char* name) {
  guarded_name(request, parent, name, [&](Mount& mount) -> Reply {
    const auto directory = inode_of(mount, parent);
    const auto found = mount.tree().find(*directory, name);
    if (!found) return reply_error(ENOENT);
    const auto* task = std::get_if<NodePlace>(&found->place);
    if (!task || task->node.kind != Node::Kind::task) throw Rejection(Cause::not_permitted, what_can_be_made);
    const Caller caller = caller_of(request);
    Author author = mount.author_of(caller);
    const PendingName pending{request, mount, caller, author.persona, found->path};
    const auto done = [pending](const std::optional<Rejection>& refusal) {
      if (!pending.answered_refusal(refusal)) fuse_reply_err(pending.request, 0);
    };
    task->file->submit(
        {WriteRequest{WriteRequest::Kind::remove_task, task->node, {}}, std::move(author), done, pending.warned()});
    return later();
  });
}

void refuse_name(fuse_req_t request, fuse_ino_t parent, const char* name) {
  guarded_name(request, parent, name, [](Mount&) -> Reply { throw Rejection(Cause::not_permitted, what_can_be_made); });
}

void make_node(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t, dev_t) {
  refuse_name(request, parent, name);
}
void make_symbolic_link(fuse_req_t request, const char*, fuse_ino_t parent, const char* name) {
  refuse_name(request, parent, name);
}
void make_link(fuse_req_t request, fuse_ino_t, fuse_ino_t parent, const char* name) {
  refuse_name(request, parent, name);
}
}  // namespace

bool PendingName::answered_refusal(const std::optional<Rejection>& refusal) const {
  if (refusal) fuse_reply_err(request, mount.refuse(*refusal, caller, persona, path));
  return refusal.has_value();
}

std::function<void(const RuleWarning&)> PendingName::warned() const {
  return [pending = *this](const RuleWarning& warning) {
    pending.mount.warn(warning, pending.caller, pending.persona, pending.path);
  };
}

void require_name_size(std::string_view name) {
  if (name.size() > maximum_name_size)
    throw Rejection(Cause::name_too_long, "a name has at most " + std::to_string(maximum_name_size) + " bytes");
}

void require_taking_writes(const Inode& inode) {
  StatusFile* file = file_of(inode.place);
  const auto state = file ? file->state() : nullptr;
  if (state && state->document && !state->read_only.empty()) throw closed(file->name(), *state);
}

void guarded_name(fuse_req_t request, fuse_ino_t directory, const char* name,
                  const std::function<Reply(Mount&)>& body) {
  guarded(request, directory, name,
          [&](Mount& mount) { return tell_read_only_first(*inode_of(mount, directory), [&] { return body(mount); }); });
}

void add_namespace_operations(fuse_lowlevel_ops& table) {
  table.mkdir = make_directory;
  table.rmdir = remove_directory;
  table.mknod = make_node;
  table.symlink = make_symbolic_link;
  table.link = make_link;
}

}  // namespace statusfs
