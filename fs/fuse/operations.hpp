// The FUSE operations of statusfs, one short function each.
#pragma once

#include "fs/fuse/fuse_library.hpp"
#include "fs/fuse/mount.hpp"
#include "fs/fuse/request.hpp"

namespace statusfs {

/// For fuse_session_new, whose user data must be a Mount.
fuse_lowlevel_ops operations();

// Each fills in the operations of its file.
void add_inode_operations(fuse_lowlevel_ops& table);  // operations_inode.cpp: lookup, forget, getattr, setattr, statfs
void add_file_operations(fuse_lowlevel_ops& table);   // operations_file.cpp: open, read, write, flush, release, fsync
void add_directory_operations(fuse_lowlevel_ops& table);  // operations_directory.cpp: opendir, readdir, readdirplus
void add_namespace_operations(
    fuse_lowlevel_ops& table);                        // operations_namespace.cpp: mkdir, rmdir, and all that is refused
void add_board_operations(fuse_lowlevel_ops& table);  // operations_board.cpp: readlink
void add_watch_operations(fuse_lowlevel_ops& table);  // operations_watch.cpp: poll
void add_attribute_operations(fuse_lowlevel_ops& table);  // operations_attributes.cpp: getxattr, listxattr
void add_scratch_operations(fuse_lowlevel_ops& table);    // operations_scratch.cpp: create, unlink, rename
void add_copy_operations(fuse_lowlevel_ops& table);       // operations_copy.cpp: copy_file_range

/// Moves a link of a board to another of its directories: the task gets that value.
void move_link(fuse_req_t request, Mount& mount, const Inode& from, const LinkPlace& link, const char* name,
               const Inode& to, const char* new_name);

/// Throws what opening this inode for writing would be refused with.
void require_open_for_write(Mount& mount, const Inode& inode, const Caller& caller);

/// Opens the inode and says how to answer: to open(2), or, with the entry, to creat(2).
fuse_file_info opened(Mount& mount, std::shared_ptr<const Inode> inode, const fuse_file_info& info);
void closed(Mount& mount, std::uint64_t handle);

/// Who asks, where what he gets depends on it.
Reader reader_of(fuse_req_t request, const Inode& inode);
/// What a read of the open file gets.
std::string read_part(fuse_req_t request, OpenFile& file, std::size_t size, std::uint64_t offset);
/// How bytes came: by write(2), on a handle that was opened with O_APPEND or not, or by copy_file_range(2).
enum class WriteCall { write, append, copy };

/// Carries out a write to the open file, and answers with the number of its bytes.
Reply write_part(fuse_req_t request, const std::shared_ptr<OpenFile>& file, std::string_view bytes,
                 std::uint64_t offset, WriteCall call);

/// The largest write that the kernel sends at once, in bytes: a whole patch or document.
inline constexpr unsigned largest_write = 1 << 20;

/// A request on a name that the commit thread answers, with the errno or with 0. Such answers never wait for
/// announcements: dropping a name may itself wait for such an answer.
struct PendingName {
  fuse_req_t request;
  Mount& mount;
  Caller caller;
  std::string persona;
  std::string path;

  bool answered_refusal(const std::optional<Rejection>& refusal) const;
  /// For Job::warned.
  std::function<void(const RuleWarning&)> warned() const;
};

/// Throws Rejection(name_too_long).
void require_name_size(std::string_view name);

/// Throws Rejection(read_only) where the inode is of a status file that is shown and takes no writes.
void require_taking_writes(const Inode& inode);

/// Runs the body. That the status file takes no writes comes before whatever else the body refuses.
template <typename Body>
auto tell_read_only_first(const Inode& inode, Body body) {
  try {
    return body();
  } catch (const Rejection&) {
    require_taking_writes(inode);
    throw;
  }
}

/// guarded(), for what makes, moves or removes a name in a directory.
void guarded_name(fuse_req_t request, fuse_ino_t directory, const char* name, const std::function<Reply(Mount&)>& body);

/// Tells what a name cannot be used for.
inline constexpr const char* what_can_be_made =
    "tasks are made with mkdir tasks/<id> and removed with rmdir; fields cannot be made, moved or removed";

}  // namespace statusfs
