#include <algorithm>
#include <cerrno>
#include <memory>

#include "fs/fuse/operations.hpp"
#include "fs/fuse/request.hpp"

namespace statusfs {
namespace {

constexpr off_t first_entry = 2;  // behind . and ..
// Newer kernels ask for up to 1 MiB at once; so much memory would be had from the kernel, page by page, for a directory
// of a few entries.
constexpr std::size_t longest_listing = 64 * 1024;

Reply reply_opendir(Mount& mount, std::shared_ptr<const Inode> inode, fuse_file_info info) {
  auto directory = std::make_shared<OpenDirectory>();
  directory->inode = std::move(inode);
  info.fh = mount.directories.add(std::move(directory));
  return [&mount, info](fuse_req_t request) {
    if (fuse_reply_open(request, &info) != 0) mount.directories.remove(info.fh);
  };
}

void open_directory(fuse_req_t request, fuse_ino_t id, fuse_file_info* info) {
  guarded(request, id, [&](Mount& mount) { return reply_opendir(mount, inode_of(mount, id), *info); });
}

// Collects entries until the kernel's buffer is full.
class Listing {
 public:
  Listing(fuse_req_t request, std::size_t size)
      : request_(request),
        size_(std::min(size, longest_listing)),
        buffer_(std::make_unique_for_overwrite<char[]>(size_)) {}

  bool add(const char* name, const struct stat& attributes, off_t next) {
    return took(fuse_add_direntry(request_, rest(), room(), name, &attributes, next));
  }
  bool add_plus(const char* name, const struct fuse_entry_param& entry, off_t next) {
    return took(fuse_add_direntry_plus(request_, rest(), room(), name, &entry, next));
  }
  Reply reply() && {
    return [bytes = std::shared_ptr<char[]>(std::move(buffer_)), used = used_](fuse_req_t to) {
      fuse_reply_buf(to, bytes.get(), used);
    };
  }

 private:
  bool took(std::size_t size) {
    if (size > room()) return false;
    used_ += size;
    return true;
  }
  char* rest() { return buffer_.get() + used_; }
  std::size_t room() const { return size_ - used_; }

  fuse_req_t request_;
  const std::size_t size_;
  std::unique_ptr<char[]> buffer_;
  std::size_t used_ = 0;
};

struct stat minimal_attributes(std::uint64_t number, mode_t type) {
  struct stat attributes {};
  attributes.st_ino = number;
  attributes.st_mode = type;
  return attributes;
}

bool add_dots(Listing& listing, const Inode& directory, off_t& offset, bool plus) {
  for (; offset < first_entry; ++offset) {
    const char* name = offset == 0 ? "." : "..";
    const struct stat attributes = minimal_attributes(directory.number, S_IFDIR);
    struct fuse_entry_param entry {};  // node id 0: names that are not looked up
    entry.attr = attributes;
    if (!(plus ? listing.add_plus(name, entry, offset + 1) : listing.add(name, attributes, offset + 1))) return false;
  }
  return true;
}

bool add_entry(Listing& listing, Mount& mount, const Inode& directory, const DirectoryEntry& entry, off_t next) {
  const mode_t type = mount.tree().type_of(entry.place);
  return listing.add(entry.name.c_str(), minimal_attributes(inode_number(path_below(directory, entry.name)), type),
                     next);
}

// Whether asking for the attributes costs more than a listing may: a page's size is known once it was rendered, and the
// log's once the whole history was replayed.
bool is_costly(const Place& place) {
  if (std::holds_alternative<PagePlace>(place)) return true;
  const auto* history = std::get_if<HistoryPlace>(&place);
  return history && history->kind == HistoryPlace::Kind::log;
}

// The name alone; whoever wants its attributes looks it up.
bool add_name_plus(Listing& listing, Mount& mount, const Inode& directory, const DirectoryEntry& named, off_t next) {
  struct fuse_entry_param entry {};  // node id 0: not looked up
  entry.attr = minimal_attributes(inode_number(path_below(directory, named.name)), mount.tree().type_of(named.place));
  return listing.add_plus(named.name.c_str(), entry, next);
}

// False when the buffer is full. An entry that vanished since the listing was made is passed over; of one that cannot
// be read there is the name, and who asks for its attributes is told.
bool add_entry_plus(Listing& listing, Mount& mount, const Inode& directory, const DirectoryEntry& named, off_t next) {
  if (is_costly(named.place)) return add_name_plus(listing, mount, directory, named, next);
  const auto found = mount.tree().find(directory, named.name);
  if (!found) return true;
  const auto inode = mount.inodes().look_up(found->path, found->place, found->version);
  CountedLookup lookup(mount, inode);
  try {
    const auto entry = entry_of(mount, *inode, entry_timeout(inode->place));
    if (!listing.add_plus(named.name.c_str(), entry, next)) return false;
    lookup.hand_over();
    return true;
  } catch (const Rejection& rejection) {
    return rejection.cause() == Cause::not_found || add_name_plus(listing, mount, directory, named, next);
  }
}

Reply reply_listing(fuse_req_t request, Mount& mount, OpenDirectory& directory, std::size_t size, off_t offset,
                    bool plus) {
  Listing listing(request, size);
  const std::lock_guard lock(directory.mutex);
  const bool is_beginning = offset == 0 || !directory.entries;  // also after rewinddir(3)
  if (is_beginning) directory.entries = mount.tree().list(*directory.inode);
  const std::vector<DirectoryEntry>& entries = *directory.entries;
  if (add_dots(listing, *directory.inode, offset, plus)) {
    for (; static_cast<std::size_t>(offset - first_entry) < entries.size(); ++offset) {
      const DirectoryEntry& entry = entries[static_cast<std::size_t>(offset - first_entry)];
      const bool fits = plus ? add_entry_plus(listing, mount, *directory.inode, entry, offset + 1)
                             : add_entry(listing, mount, *directory.inode, entry, offset + 1);
      if (!fits) break;
    }
  }
  return std::move(listing).reply();
}

void list(fuse_req_t request, fuse_ino_t id, std::size_t size, off_t offset, const fuse_file_info* info, bool plus) {
  guarded(request, id, [&](Mount& mount) {
    const auto directory = mount.directories.find(info->fh);
    if (!directory) return reply_error(EBADF);
    return reply_listing(request, mount, *directory, size, offset, plus);
  });
}

void read_directory(fuse_req_t request, fuse_ino_t id, std::size_t size, off_t offset, fuse_file_info* info) {
  list(request, id, size, offset, info, false);
}

void read_directory_plus(fuse_req_t request, fuse_ino_t id, std::size_t size, off_t offset, fuse_file_info* info) {
  list(request, id, size, offset, info, true);
}

void release_directory(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
  mount_of(request).directories.remove(info->fh);
  fuse_reply_err(request, 0);
}

}  // namespace

void add_directory_operations(fuse_lowlevel_ops& table) {
  table.opendir = open_directory;
  table.readdir = read_directory;
  table.readdirplus = read_directory_plus;
  table.releasedir = release_directory;
}

}  // namespace statusfs
