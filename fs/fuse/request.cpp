#include "fs/fuse/request.hpp"

#include <cerrno>

namespace statusfs {

Reply reply_error(int error_number) {
  return [error_number](fuse_req_t request) { fuse_reply_err(request, error_number); };
}

Mount& mount_of(fuse_req_t request) { return *static_cast<Mount*>(fuse_req_userdata(request)); }

Caller caller_of(fuse_req_t request) {
  const fuse_ctx* context = fuse_req_ctx(request);
  return mount_of(request).identify(context->uid, context->gid, context->pid);
}

std::shared_ptr<const Inode> inode_of(Mount& mount, fuse_ino_t id) {
  auto inode = mount.inodes().find(id);
  if (!inode) throw Rejection(Cause::not_found, "the file is gone");
  return inode;
}

struct fuse_entry_param entry_of(Mount& mount, const Inode& inode, double entry_timeout) {
  struct fuse_entry_param entry {};
  entry.ino = inode.id;
  entry.generation = 0;  // node ids are never used again
  entry.attr = mount.attributes().of(inode);
  inode.told_size.tell(entry.attr.st_size);
  entry.attr_timeout = attribute_timeout(inode);
  entry.entry_timeout = entry_timeout;
  return entry;
}

Reply reply_entry(Mount& mount, const std::shared_ptr<const Inode>& inode, double entry_timeout) {
  const auto lookup = std::make_shared<CountedLookup>(mount, inode);
  try {
    return [lookup, entry = entry_of(mount, *inode, entry_timeout)](fuse_req_t request) {
      if (fuse_reply_entry(request, &entry) == 0) lookup->hand_over();
    };
  } catch (const Rejection& rejection) {
    if (rejection.cause() != Cause::not_found) throw;
    return reply_error(ENOENT);
  }
}

void send_entry(fuse_req_t request, Mount& mount, const std::shared_ptr<const Inode>& inode,
                double entry_timeout) noexcept {
  Reply reply;
  try {
    reply = reply_entry(mount, inode, entry_timeout);
  } catch (const std::exception&) {
    reply = reply_error(EIO);
  }
  reply(request);
}

namespace {

Reply refusal(fuse_req_t request, Mount& mount, const Rejection& rejection, const std::string& path) {
  const Caller caller = caller_of(request);
  const Author author = mount.author_of(caller);
  return reply_error(mount.refuse(rejection, caller, author.persona, path));
}

Reply reply_of(fuse_req_t request, Mount& mount, const std::function<Reply(Mount&)>& body,
               const std::function<std::string(Mount&)>& path) {
  try {
    return body(mount);
  } catch (const Rejection& rejection) {
    return refusal(request, mount, rejection, path(mount));
  } catch (const std::bad_alloc&) {
    return reply_error(ENOMEM);
  } catch (const std::exception& error) {
    mount.context.log(std::string("operation failed: ") + error.what());
    return reply_error(EIO);
  }
}

}  // namespace

void guarded(fuse_req_t request, const std::function<Reply(Mount&)>& body,
             const std::function<std::string(Mount&)>& path) {
  Reply reply;
  try {
    reply = reply_of(request, mount_of(request), body, path);
  } catch (...) {  // even the refusal could not be written down
    reply = reply_error(EIO);
  }
  if (reply) reply(request);
}

void guarded(fuse_req_t request, fuse_ino_t id, const std::function<Reply(Mount&)>& body) {
  guarded(request, body, [id](Mount& mount) {
    const auto inode = mount.inodes().find(id);
    return inode ? inode->path : std::string();
  });
}

void guarded(fuse_req_t request, fuse_ino_t directory, const char* name, const std::function<Reply(Mount&)>& body) {
  guarded(request, body, [directory, name](Mount& mount) {
    const auto inode = mount.inodes().find(directory);
    return inode ? path_below(*inode, name) : std::string(name);
  });
}

namespace {

bool is_host(const Place& place) {
  const auto* about = std::get_if<AboutPlace>(&place);
  return about && about->kind == AboutPlace::Kind::host;
}

}  // namespace

double attribute_timeout(const Inode& inode) {
  const Place& place = inode.place;
  const auto* about = std::get_if<AboutPlace>(&place);
  const auto* history = std::get_if<HistoryPlace>(&place);
  if (history) return is_immutable(place) ? announced_timeout : 0;
  const bool is_counted = std::holds_alternative<RootPlace>(place) || std::holds_alternative<ErrorPlace>(place) ||
                          inode.is_second || std::holds_alternative<ScratchPlace>(place) ||
                          std::holds_alternative<ColumnPlace>(place) || std::holds_alternative<LinkPlace>(place) ||
                          std::holds_alternative<EventsPlace>(place) ||
                          (about && about->kind != AboutPlace::Kind::directory);
  return is_counted ? 0 : announced_timeout;
}

// A version of the whole file, of a page, or of the history's log and head, is another inode than the next one. A
// scratch file that is renamed over a field leaves its inode to that name until the kernel asks again. A link comes and
// goes with the value of its task, a host as it likes.
double entry_timeout(const Place& place) {
  const auto* history = std::get_if<HistoryPlace>(&place);
  const bool is_passing = (history && history->state) || std::holds_alternative<VersionPlace>(place) ||
                          std::holds_alternative<PagePlace>(place) || std::holds_alternative<ScratchPlace>(place) ||
                          std::holds_alternative<LinkPlace>(place) || is_host(place);
  return is_passing ? 0 : announced_timeout;
}

}  // namespace statusfs
