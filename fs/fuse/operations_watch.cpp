// Waiting for a file to change: poll(2).
#include <poll.h>

#include <cerrno>

#include "fs/fuse/operations.hpp"
#include "fs/fuse/request.hpp"

namespace statusfs {
namespace {

constexpr unsigned always = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
constexpr unsigned has_changed = POLLPRI | POLLERR;

// As sysfs: reading and writing never wait; POLLPRI and POLLERR say that another value than the one this handle has
// read stands there.
void poll_file(fuse_req_t request, fuse_ino_t id, fuse_file_info* info, fuse_pollhandle* handle) {
  PollHandle waiter(handle);  // nullptr where the caller only looks
  guarded(request, id, [&](Mount& mount) -> Reply {
    const auto file = mount.files.find(info->fh);
    if (!file) return reply_error(EBADF);
    const bool changed =
        mount.changes.changed_and_wait(file->inode().number, file->seen_changes(), info->fh, std::move(waiter));
    return [events = always | (changed ? has_changed : 0)](fuse_req_t to) { fuse_reply_poll(to, events); };
  });
}

}  // namespace

void add_watch_operations(fuse_lowlevel_ops& table) { table.poll = poll_file; }

}  // namespace statusfs
