// Boards: reading a link, and moving one to another directory, which changes the task.
#include <cerrno>
#include <cstring>

#include "fs/fuse/operations.hpp"
#include "fs/fuse/request.hpp"
#include "mapping/tree/board.hpp"

namespace statusfs {
namespace {

void read_link(fuse_req_t request, fuse_ino_t id) {
  guarded(request, id, [&](Mount& mount) -> Reply {
    const auto inode = inode_of(mount, id);
    const auto* link = std::get_if<LinkPlace>(&inode->place);
    if (!link) return reply_error(EINVAL);
    return [target = mount.tree().link_text(*link)](fuse_req_t to) { fuse_reply_readlink(to, target.c_str()); };
  });
}

// The directory of the same board to which the link is moved.
const ColumnPlace& target_column(const LinkPlace& link, const char* name, const Inode& to, const char* new_name) {
  const auto* column = std::get_if<ColumnPlace>(&to.place);
  const bool is_same_board = column && column->file == link.column.file && column->board == link.column.board;
  if (!is_same_board || std::strcmp(name, new_name) != 0)
    throw Rejection(Cause::not_permitted, "a link of " + link.column.board->name +
                                              " can be moved under its own name to another directory of " +
                                              link.column.board->name + ", and nowhere else");
  return *column;
}

}  // namespace

void move_link(fuse_req_t request, Mount& mount, const Inode& from, const LinkPlace& link, const char* name,
               const Inode& to, const char* new_name) {
  const ColumnPlace& column = target_column(link, name, to, new_name);
  const Field& field = field_of_board(*mount.context.mapping, *column.board);
  const Caller caller = caller_of(request);
  Author author = mount.author_of(caller);
  const PendingName pending{request, mount, caller, author.persona, path_below(from, name)};
  const Node status{Node::Kind::field, &field, link.task, {}};
  column.file->submit({WriteRequest{WriteRequest::Kind::set, status, column.value}, std::move(author),
                       [pending](const std::optional<Rejection>& refusal) {
                         if (!pending.answered_refusal(refusal)) fuse_reply_err(pending.request, 0);
                       },
                       pending.warned()});
}

void add_board_operations(fuse_lowlevel_ops& table) { table.readlink = read_link; }

}  // namespace statusfs
