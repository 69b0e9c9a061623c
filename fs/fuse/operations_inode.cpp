#include <sys/statvfs.h>

#include <cerrno>

#include "fs/fuse/operations.hpp"
#include "fs/fuse/request.hpp"
#include "mapping/tree/names.hpp"

namespace statusfs {
namespace {

Reply reply_lookup(Mount& mount, const Inode& directory, const char* name) {
  require_name_size(name);  // who wants to make such a name is told here, because the kernel asks for it first
  auto found = mount.tree().find(directory, name);
  if (!found) return reply_error(ENOENT);
  const double timeout = entry_timeout(found->place);
  const auto inode = mount.inodes().look_up(std::move(found->path), std::move(found->place), found->version);
  return reply_entry(mount, inode, timeout);
}

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  guarded(request, parent, name, [&](Mount& mount) { return reply_lookup(mount, *inode_of(mount, parent), name); });
}

void forget(fuse_req_t request, fuse_ino_t id, std::uint64_t lookups) {
  mount_of(request).inodes().forget(id, lookups);
  fuse_reply_none(request);
}

void forget_several(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
  for (std::size_t index = 0; index < count; ++index)
    mount_of(request).inodes().forget(forgets[index].ino, forgets[index].nlookup);
  fuse_reply_none(request);
}

Reply reply_attributes(Mount& mount, const Inode& inode, const Reader& reader = {}) {
  const struct stat attributes = mount.attributes().of(inode, reader);
  inode.told_size.tell(attributes.st_size);
  const double timeout = attribute_timeout(inode);
  return [attributes, timeout](fuse_req_t request) { fuse_reply_attr(request, &attributes, timeout); };
}

void get_attributes(fuse_req_t request, fuse_ino_t id, fuse_file_info*) {
  guarded(request, id, [&](Mount& mount) {
    const auto inode = mount.inodes().find(id);
    if (!inode) return reply_error(ENOENT);
    try {
      return reply_attributes(mount, *inode, reader_of(request, *inode));
    } catch (const Rejection& rejection) {
      if (rejection.cause() != Cause::not_found) throw;
      return reply_error(ENOENT);  // gone; no write was refused, so nothing is written down
    }
  });
}

// Owner and mode follow from the mount; asking for what they are already is no change.
void require_same_identity(const struct stat& now, const struct stat& wanted, int valid) {
  const bool same_mode = !(valid & FUSE_SET_ATTR_MODE) || (now.st_mode & 07777) == (wanted.st_mode & 07777);
  const bool same_owner = !(valid & FUSE_SET_ATTR_UID) || now.st_uid == wanted.st_uid;
  const bool same_group = !(valid & FUSE_SET_ATTR_GID) || now.st_gid == wanted.st_gid;
  if (!same_mode || !same_owner || !same_group)
    throw Rejection(Cause::not_permitted, "owner and mode follow from the mount and the mapping and cannot be set");
}

// The clock's nanoseconds end in the year 2262.
std::chrono::system_clock::time_point clamped_time(const timespec& time) {
  using std::chrono::seconds;
  using Clock = std::chrono::system_clock;
  constexpr std::chrono::time_point<Clock, seconds> earliest = std::chrono::ceil<seconds>(Clock::time_point::min());
  constexpr std::chrono::time_point<Clock, seconds> latest = std::chrono::floor<seconds>(Clock::time_point::max());
  const std::chrono::time_point<Clock, seconds> whole{seconds(time.tv_sec)};
  if (whole < earliest) return earliest;
  if (whole >= latest) return latest;
  return whole + std::chrono::nanoseconds(time.tv_nsec);
}

// A scratch file is an ordinary file of whoever made it.
void set_scratch_attributes(ScratchFile& file, const struct stat& wanted, int valid) {
  if (valid & FUSE_SET_ATTR_SIZE) file.resize(static_cast<std::uint64_t>(wanted.st_size));
  ScratchAttributes attributes = file.attributes();
  if (valid & FUSE_SET_ATTR_MODE) attributes.mode = wanted.st_mode & 0777;
  if (valid & FUSE_SET_ATTR_UID) attributes.owner = wanted.st_uid;
  if (valid & FUSE_SET_ATTR_GID) attributes.group = wanted.st_gid;
  if (valid & FUSE_SET_ATTR_MTIME_NOW)
    attributes.modified = std::chrono::system_clock::now();
  else if (valid & FUSE_SET_ATTR_MTIME)
    attributes.modified = clamped_time(wanted.st_mtim);
  file.set_attributes(attributes);
}

// A new size alone is the shell's habit (O_TRUNC) and no value: it changes nothing where writing is allowed.
void set_attributes(fuse_req_t request, fuse_ino_t id, struct stat* wanted, int valid, fuse_file_info*) {
  guarded(request, id, [&](Mount& mount) {
    const auto inode = inode_of(mount, id);
    if (const auto* scratch = std::get_if<ScratchPlace>(&inode->place)) {
      set_scratch_attributes(*scratch->file, *wanted, valid);
      return reply_attributes(mount, *inode);
    }
    if (valid & FUSE_SET_ATTR_SIZE) require_open_for_write(mount, *inode, caller_of(request));
    tell_read_only_first(*inode, [&] { require_same_identity(mount.attributes().of(*inode), *wanted, valid); });
    return reply_attributes(mount, *inode);
  });
}

void get_file_system(fuse_req_t request, fuse_ino_t id) {
  guarded(request, id, [&](Mount& mount) -> Reply {
    struct statvfs status {};
    // Of a source that lies elsewhere, or that is away, nothing is known; the mount is there all the same.
    const auto directory = mount.directory().source().local_directory();
    if (directory && statvfs(directory->c_str(), &status) != 0) status = {};
    status.f_namemax = maximum_name_size;
    return [status](fuse_req_t to) { fuse_reply_statfs(to, &status); };
  });
}

}  // namespace

void add_inode_operations(fuse_lowlevel_ops& table) {
  table.lookup = lookup;
  table.forget = forget;
  table.forget_multi = forget_several;
  table.getattr = get_attributes;
  table.setattr = set_attributes;
  table.statfs = get_file_system;
}

}  // namespace statusfs
