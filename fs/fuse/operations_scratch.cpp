// Names that programs make on their own: temporary files, and saves by renaming them over a field.
#include <fcntl.h>

#include <cerrno>

#include "fs/fuse/operations.hpp"
#include "fs/fuse/request.hpp"
#include "mapping/rules/access.hpp"
#include "mapping/tree/board.hpp"
#include "mapping/tree/names.hpp"

namespace statusfs {
namespace {

// vim makes a file of this name to find out whether it may make files; where it may not, it writes in place.
constexpr std::string_view probe_of_vim = "4913";

void require_scratch_name(const Inode& directory, std::string_view name) {
  require_name_size(name);
  const auto* place = std::get_if<NodePlace>(&directory.place);
  if (!place || is_board(place->node) || !place->file->state()->document || name == probe_of_vim)
    throw Rejection(Cause::not_permitted, what_can_be_made);
}

// Who may write nothing at all in the status file needs no file to save there, and the mount has room for few.
void require_writer(Mount& mount, const Inode& directory, const Caller& caller) {
  const auto* place = std::get_if<NodePlace>(&directory.place);
  const auto state = place ? place->file->state() : nullptr;
  if (!state || !state->document) return;
  const Mapping& mapping = state->document->mapping();
  try {
    require_some_access(mapping, mount.authority_of(caller));
  } catch (const Rejection&) {
    require_some_access(mapping, mount.author_of(caller));  // names the writer in the refusal
  }
}

// Whoever writes a lock that is not set means to set it, and must not believe that he has.
void require_no_lock(const Inode& directory, std::string_view name) {
  const auto state = std::get<NodePlace>(directory.place).file->state();
  if (!state->document) return;
  const Mapping& mapping = state->document->mapping();
  if (mapping.locks.is_lock(name))
    throw Rejection(Cause::not_permitted, std::string(name) + " is a lock that is not there; who is " +
                                              mapping.authority() +
                                              " sets one with a patch (of the task or of the whole file), and no "
                                              "other file takes its name");
}

ScratchAttributes attributes_for(fuse_req_t request, mode_t mode) {
  const fuse_ctx* context = fuse_req_ctx(request);
  return {context->uid, context->gid, mode & 0777, std::chrono::system_clock::now()};
}

Reply reply_created(Mount& mount, const std::shared_ptr<ScratchFile>& scratch, const fuse_file_info& asked) {
  const ScratchPlace place{scratch};
  const auto inode = mount.inodes().look_up(scratch->path(), place, scratch->id());
  const auto lookup = std::make_shared<CountedLookup>(mount, inode);
  return [&mount, lookup, entry = entry_of(mount, *inode, entry_timeout(place)),
          info = opened(mount, inode, asked)](fuse_req_t request) {
    if (fuse_reply_create(request, &entry, &info) == 0)
      lookup->hand_over();
    else
      closed(mount, info.fh);
  };
}

void create_file(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* info) {
  guarded_name(request, parent, name, [&](Mount& mount) -> Reply {
    const auto directory = inode_of(mount, parent);
    if (mount.tree().find(*directory, name)) return reply_error(EEXIST);  // made by somebody else just now
    require_scratch_name(*directory, name);
    require_writer(mount, *directory, caller_of(request));
    require_no_lock(*directory, name);
    const auto scratch = mount.scratch.create(path_below(*directory, name), attributes_for(request, mode));
    return reply_created(mount, scratch, *info);
  });
}

// In a directory that several users may write to, a scratch file is its maker's, as in /tmp.
void require_owner(fuse_req_t request, const Mount& mount, const ScratchFile& file) {
  const uid_t caller = fuse_req_ctx(request)->uid;
  if (caller != 0 && caller != mount.presentation.owner && caller != file.attributes().owner)
    throw Rejection(Cause::not_permitted, file.path() + " belongs to another user");
}

// The scratch file that the name stands for, which the caller may remove or move; throws where it stands for anything
// else.
std::shared_ptr<ScratchFile> own_scratch(fuse_req_t request, Mount& mount, const Inode& directory, const char* name) {
  const auto found = mount.tree().find(directory, name);
  if (!found) throw Rejection(Cause::not_found, "there is no such name");
  const auto* place = std::get_if<ScratchPlace>(&found->place);
  if (!place) throw Rejection(Cause::not_permitted, what_can_be_made);
  require_owner(request, mount, *place->file);
  return place->file;
}

void remove_file(fuse_req_t request, fuse_ino_t parent, const char* name) {
  guarded_name(request, parent, name, [&](Mount& mount) {
    const auto directory = inode_of(mount, parent);
    own_scratch(request, mount, *directory, name);
    mount.scratch.remove(path_below(*directory, name));
    return reply_done();
  });
}

// --- saves by rename -------------------------------------------------------------------------------------------------

// A whole value, as if it had been written at once to the field.
WriteRequest whole_value(const Node& node, const std::string& text) {
  if (node.kind == Node::Kind::field && node.field->type == FieldType::log)
    throw Rejection(Cause::not_permitted, node.field->name + " is append-only; append to it (>>)");
  WriteBuffer buffer(node, false);
  auto request = buffer.write(text, 0);
  if (!request) throw Rejection(Cause::invalid, buffer.complaint_at_close().value_or("the text is incomplete"));
  return *std::move(request);
}

struct PendingSave {
  PendingName name;
  std::string from;
  std::shared_ptr<ScratchFile> scratch;
  NodeId scratch_id;  // the kernel gives this node the field's name
  NodePlace field;

  void answer(const std::optional<Rejection>& refusal) const {
    if (refusal) scratch->revive();
    if (name.answered_refusal(refusal)) return;
    name.mount.scratch.remove(from);
    name.mount.inodes().become(scratch_id, name.path, field);
    fuse_reply_err(name.request, 0);
  }
};

Reply save(fuse_req_t request, Mount& mount, const std::string& from, const std::shared_ptr<ScratchFile>& scratch,
           const Found& target) {
  const Caller caller = caller_of(request);
  Author author = mount.author_of(caller);
  const Inode inode{0, 0, target.path, target.place, false};
  require_open_for_write(mount, inode, caller);
  const auto* field = std::get_if<NodePlace>(&target.place);
  if (!field) throw Rejection(Cause::not_permitted, what_can_be_made);
  const auto node = mount.inodes().look_up(scratch->path(), ScratchPlace{scratch}, scratch->id());
  mount.inodes().forget(node->id, 1);  // the kernel's own lookups keep it
  const PendingSave pending{{request, mount, caller, author.persona, target.path}, from, scratch, node->id, *field};
  const std::string text = scratch->retire();
  try {
    field->file->submit({whole_value(field->node, text), std::move(author),
                         [pending](const auto& refusal) { pending.answer(refusal); }, pending.name.warned()});
  } catch (...) {
    scratch->revive();
    throw;
  }
  return later();
}

Reply move(fuse_req_t request, Mount& mount, const Inode& from, const char* name, const Inode& to, const char* new_name,
           unsigned flags) {
  const auto scratch = own_scratch(request, mount, from, name);
  const auto target = mount.tree().find(to, new_name);
  if (target && (flags & RENAME_NOREPLACE)) return reply_error(EEXIST);
  if (target && mount.tree().is_directory(target->place)) return reply_error(EISDIR);
  const auto* other = target ? std::get_if<ScratchPlace>(&target->place) : nullptr;
  if (target && !other) return save(request, mount, path_below(from, name), scratch, *target);
  if (other) require_owner(request, mount, *other->file);
  require_scratch_name(to, new_name);
  require_no_lock(to, new_name);
  mount.scratch.move(path_below(from, name), path_below(to, new_name));
  return reply_done();
}

void rename_file(fuse_req_t request, fuse_ino_t parent, const char* name, fuse_ino_t new_parent, const char* new_name,
                 unsigned flags) {
  guarded_name(request, parent, name, [&](Mount& mount) -> Reply {
    if (flags & ~static_cast<unsigned>(RENAME_NOREPLACE))
      throw Rejection(Cause::invalid, std::string("names cannot be exchanged here; ") + what_can_be_made);
    const auto from = inode_of(mount, parent);
    const auto to = inode_of(mount, new_parent);
    const auto found = mount.tree().find(*from, name);
    if (const auto* link = found ? std::get_if<LinkPlace>(&found->place) : nullptr) {
      move_link(request, mount, *from, *link, name, *to, new_name);
      return later();
    }
    return move(request, mount, *from, name, *to, new_name, flags);
  });
}

}  // namespace

void add_scratch_operations(fuse_lowlevel_ops& table) {
  table.create = create_file;
  table.unlink = remove_file;
  table.rename = rename_file;
}

}  // namespace statusfs
