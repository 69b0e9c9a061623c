#include <fcntl.h>

#include <cerrno>

#include "fs/fuse/control.hpp"
#include "fs/fuse/error_number.hpp"
#include "fs/fuse/operations.hpp"
#include "fs/fuse/request.hpp"
#include "fs/identity/system_call.hpp"
#include "mapping/rules/access.hpp"
#include "mapping/rules/proposal.hpp"

namespace statusfs {

namespace {

void require_writable_state(const NodePlace& place, const Author& author) {
  const auto state = place.file->state();
  if (state->is_gone) throw Rejection(Cause::not_found, place.file->name() + ": " + state->error);
  if (!state->document) throw unusable(place.file->name(), *state);
  if (!state->read_only.empty()) {
    place.file->check();  // the reason may have passed, and the next write finds it so
    throw closed(place.file->name(), *state);
  }
  require_writable(*state->document, place.node, {author, state->plan.get()});
}

// What a write would be refused for before anybody looks at how it was written.
void require_nothing_graver(const Inode& inode, const Author& author) {
  const auto* place = std::get_if<NodePlace>(&inode.place);
  if (place) require_writable_state(*place, author);
  StatusFile* const file = file_of(inode.place);
  const auto state = file ? file->state() : nullptr;
  if (!state || !state->document) return;
  if (place) return require_write_permitted(*state->document, place->node, {author, state->plan.get()});
  if (std::holds_alternative<ControlPlace>(inode.place)) require_authority(*state->document, "give commands", {author});
}

Rejection gravest(const Rejection& found, const Inode& inode, const Author& author) try {
  require_nothing_graver(inode, author);
  return found;
} catch (const Rejection& other) {
  return other.cause() < found.cause() ? other : found;
}

bool wants_to_write(const fuse_file_info& info) { return (info.flags & O_ACCMODE) != O_RDONLY; }

bool is_log(const Inode& inode) {
  const auto* place = std::get_if<NodePlace>(&inode.place);
  return place && place->node.kind == Node::Kind::field && place->node.field->type == FieldType::log;
}

// An append-only log takes no other kind of open.
void require_append(const Inode& inode, const fuse_file_info& info) {
  if (is_log(inode) && !(info.flags & O_APPEND))
    throw Rejection(Cause::not_permitted, inode.path + " is append-only; open it to append (>>)");
}

std::optional<WriteBuffer> buffer_for(const Inode& inode, const fuse_file_info& info) {
  const auto* place = std::get_if<NodePlace>(&inode.place);
  if (!wants_to_write(info) || !place) return std::nullopt;
  return WriteBuffer(place->node, info.flags & O_APPEND);
}

}  // namespace

fuse_file_info opened(Mount& mount, std::shared_ptr<const Inode> inode, const fuse_file_info& asked) {
  fuse_file_info info = asked;
  const bool is_cacheable = is_immutable(inode->place);
  // Pages of a file that is also written through FUSE would be torn; those of a version never change.
  info.direct_io = !is_cacheable;
  info.keep_cache = is_cacheable;
  auto buffer = buffer_for(*inode, info);
  // Close(2) need not ask where it cannot fail: one round trip less, two in bash, which closes a duplicate before it
  // writes.
  info.noflush = !(buffer && buffer->may_be_incomplete());
  auto file = std::make_shared<OpenFile>(inode, std::move(buffer));
  file->saw_changes(mount.changes.opened(inode->number));
  info.fh = mount.files.add(std::move(file));
  mount.context.metrics.handle_opened();
  return info;
}

void closed(Mount& mount, std::uint64_t handle) {
  if (const auto file = mount.files.find(handle)) mount.changes.closed(file->inode().number, handle);
  mount.files.remove(handle);
  mount.context.metrics.handle_closed();
}

namespace {

ScratchFile* scratch_of(const Inode& inode) {
  const auto* place = std::get_if<ScratchPlace>(&inode.place);
  return place ? place->file.get() : nullptr;
}

Reply reply_open(Mount& mount, std::shared_ptr<const Inode> inode, const fuse_file_info& asked) {
  return [&mount, info = opened(mount, std::move(inode), asked)](fuse_req_t request) {
    if (fuse_reply_open(request, &info) != 0) closed(mount, info.fh);
  };
}

void open_file(fuse_req_t request, fuse_ino_t id, fuse_file_info* info) {
  guarded(request, id, [&](Mount& mount) {
    auto inode = inode_of(mount, id);
    if (wants_to_write(*info)) {
      require_open_for_write(mount, *inode, caller_of(request));
      require_append(*inode, *info);
    }
    return reply_open(mount, std::move(inode), *info);
  });
}

}  // namespace

Reader reader_of(fuse_req_t request, const Inode& inode) {
  if (!std::holds_alternative<AboutPlace>(inode.place)) return {};
  const Caller caller = caller_of(request);
  return {caller.uid, caller.session};
}

std::string read_part(fuse_req_t request, OpenFile& file, std::size_t size, std::uint64_t offset) {
  const Mount& mount = mount_of(request);
  const Inode& inode = file.inode();
  const std::uint64_t changes = mount.changes.count_of(inode.number);
  const ScratchFile* scratch = scratch_of(inode);
  const auto* events = std::get_if<EventsPlace>(&inode.place);
  if ((scratch || events) && offset == 0) file.saw_changes(changes);
  if (scratch) return scratch->read(size, offset);
  if (events) return events->stream->read(size, offset);
  return file.read(size, offset, changes, [&] { return mount.tree().text(inode.place, reader_of(request, inode)); });
}

namespace {

// The kernel reads for its page cache in nobody's name. Of files that are not cached it does so for a private mmap(2)
// and, since Linux 6.5, for splice(2) and sendfile(2).
bool is_for_page_cache(const fuse_file_info& info) { return info.lock_owner == 0; }

// Whether all handles may meet the text that was read last until its change is announced, and the kernel would not cut
// it.
bool is_newest_and_whole(const Mount& mount, OpenFile& file) {
  const Inode& inode = file.inode();
  if (const ScratchFile* scratch = scratch_of(inode)) return inode.told_size.is(scratch->size());
  return std::holds_alternative<NodePlace>(inode.place) && inode.told_size.is(file.text_size()) &&
         file.seen_changes() == mount.changes.count_of(inode.number);
}

// The page cache tears what changes. Whoever moves the content gets EINVAL, as where that is not possible, and reads it
// instead; whoever touches mapped memory would get SIGBUS.
bool may_be_cached(const Mount& mount, OpenFile& file, pid_t reader) {
  if (is_immutable(file.inode().place)) return true;
  const std::optional<bool> is_moved = is_moving_content(reader);
  return is_moved ? !*is_moved : is_newest_and_whole(mount, file);
}

void read_file(fuse_req_t request, fuse_ino_t id, std::size_t size, off_t offset, fuse_file_info* info) {
  guarded(request, id, [&](Mount& mount) -> Reply {
    const auto file = mount.files.find(info->fh);
    if (!file) return reply_error(EBADF);
    std::string part = read_part(request, *file, size, static_cast<std::uint64_t>(offset));
    if (is_for_page_cache(*info) && !may_be_cached(mount, *file, fuse_req_ctx(request)->pid))
      return reply_error(EINVAL);
    return [part = std::move(part)](fuse_req_t to) { fuse_reply_buf(to, part.data(), part.size()); };
  });
}

struct WriteTry {
  WriteCall call;
  std::string refused_copy;  // why a copy to the same handle was refused just before; empty: none was
};

// Writes a refusal down, but not a second time where a copy was refused for the same reason just before, and returns
// its errno.
int refuse_write(Mount& mount, OpenFile& file, const WriteTry& attempt, const Rejection& refusal, const Caller& caller,
                 const std::string& persona) {
  file.remember_refused_write(error_number_of(refusal.cause()));
  if (refusal.what() == attempt.refused_copy) return error_number_of(refusal.cause());
  if (attempt.call == WriteCall::copy) file.remember_refused_copy(refusal.what());
  return mount.refuse(refusal, caller, persona, file.inode().path);
}

// Everything that the answer to a write needs once the commit thread has decided.
struct PendingWrite {
  fuse_req_t request;
  Mount& mount;
  std::shared_ptr<OpenFile> file;
  Caller caller;
  std::string persona;
  std::size_t size;
  WriteTry attempt;

  void warn(const RuleWarning& warning) const { mount.warn(warning, caller, persona, file->inode().path); }

  void answer(const std::optional<Rejection>& refusal) const {
    if (refusal) {
      file->take_back_write();
      fuse_reply_err(request, refuse_write(mount, *file, attempt, *refusal, caller, persona));
      return;
    }
    mount.announcer().after_announcements([to = request, size = size] { fuse_reply_write(to, size); });
  }
};

using JobRequest = decltype(Job::request);

// With O_APPEND the kernel gives its own idea of the size, which may be older than the value. What comes in several
// writes goes on where the last one ended, and its size, which may take long to count, does not matter.
std::uint64_t offset_now(const Mount& mount, OpenFile& file, std::uint64_t offset, WriteCall call) {
  if (call != WriteCall::append || !file.is_written_whole()) return offset;
  return static_cast<std::uint64_t>(mount.attributes().of(file.inode()).st_size);
}

std::optional<JobRequest> job_request(const Mount& mount, OpenFile& file, std::string_view bytes, std::uint64_t offset,
                                      WriteCall call) {
  if (std::holds_alternative<ControlPlace>(file.inode().place)) return JobRequest(read_control_request(bytes));
  offset = offset_now(mount, file, offset, call);
  auto write = file.write(bytes, offset);
  if (!write) return std::nullopt;
  return JobRequest(std::move(*write));
}

// Few threads that serve requests may wait for the disk, so that always enough are left for the readers.
void commit(Mount& mount, StatusFile& file, Job job) {
  const SpareThreads::Permit permit(mount.waiting_for_disk);
  if (permit)
    file.carry_out(std::move(job));
  else
    file.submit(std::move(job));
}

}  // namespace

Reply write_part(fuse_req_t request, const std::shared_ptr<OpenFile>& file, std::string_view bytes,
                 std::uint64_t offset, WriteCall call) {
  Mount& mount = mount_of(request);
  const std::size_t size = bytes.size();
  if (file) file->inode().told_size.forget();
  if (ScratchFile* scratch = file ? scratch_of(file->inode()) : nullptr) {
    if (call == WriteCall::append)
      scratch->append(bytes);
    else
      scratch->write(bytes, offset);
    return [size](fuse_req_t to) { fuse_reply_write(to, size); };
  }
  StatusFile* status_file = file ? file_of(file->inode().place) : nullptr;
  if (!status_file) return reply_error(EBADF);
  const WriteTry attempt{call, file->take_refused_copy()};
  std::optional<JobRequest> job;
  try {
    job = job_request(mount, *file, bytes, offset, call);
  } catch (const Rejection& rejection) {
    const Caller caller = caller_of(request);
    const Author author = mount.author_of(caller);
    const Rejection refusal = gravest(rejection, file->inode(), author);
    return reply_error(refuse_write(mount, *file, attempt, refusal, caller, author.persona));
  }
  if (!job) return [size](fuse_req_t to) { fuse_reply_write(to, size); };
  const Caller caller = caller_of(request);
  Author author = mount.author_of(caller);
  const PendingWrite pending{request, mount, file, caller, author.persona, size, attempt};
  commit(mount, *status_file,
         {std::move(*job), std::move(author), [pending](const auto& refusal) { pending.answer(refusal); },
          [pending](const RuleWarning& warning) { pending.warn(warning); }});
  return later();
}

namespace {

void write_file(fuse_req_t request, fuse_ino_t id, const char* bytes, std::size_t size, off_t offset,
                fuse_file_info* info) {
  guarded(request, id, [&](Mount& mount) {
    return write_part(request, mount.files.find(info->fh), {bytes, size}, static_cast<std::uint64_t>(offset),
                      info->flags & O_APPEND ? WriteCall::append : WriteCall::write);
  });
}

// Close(2) reaches this for every descriptor of the handle; the text is kept until the last. Where a write was refused,
// the text has no end because of that: who looks at close(2) alone, as fclose(3) makes its callers do, is told the
// same.
void flush_file(fuse_req_t request, fuse_ino_t id, fuse_file_info* info) {
  guarded(request, id, [&](Mount& mount) {
    const auto file = mount.files.find(info->fh);
    if (!file) return reply_error(EBADF);
    const auto complaint = file->complaint_at_close();
    const int refused_with = file->refused_with();
    if (complaint && refused_with == 0) throw Rejection(Cause::invalid, *complaint);
    return complaint ? reply_error(refused_with) : reply_done();
  });
}

void release_file(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
  Mount& mount = mount_of(request);
  closed(mount, info->fh);
  fuse_reply_err(request, 0);
}

// What fsync(2) waits for: the status file that the inode belongs to, or else all of them. A scratch file has nothing
// of its own on the disk, but whoever syncs any file of a tree is promised its JSON.
void settle(Mount& mount, const Inode& inode) {
  if (StatusFile* file = file_of(inode.place)) return file->settle();
  const std::string_view path = inode.path;
  if (const auto file = mount.directory().find(path.substr(0, path.find('/')))) return file->settle();
  mount.directory().settle();
}

// The disk is waited for by a thread of its own, so that no reader waits with it.
void sync_later(fuse_req_t request, fuse_ino_t id) {
  guarded(request, id, [&](Mount& mount) -> Reply {
    const auto inode = inode_of(mount, id);
    const Caller caller = caller_of(request);
    mount.settle_worker.post([request, &mount, inode, caller] {
      int error_number = 0;
      try {
        settle(mount, *inode);
      } catch (const Rejection& rejection) {
        error_number = mount.refuse(rejection, caller, mount.author_of(caller).persona, inode->path);
      } catch (const std::exception&) {
        error_number = EIO;
      }
      fuse_reply_err(request, error_number);
    });
    return later();
  });
}

void sync_file(fuse_req_t request, fuse_ino_t id, int, fuse_file_info*) { sync_later(request, id); }

}  // namespace

namespace {

void require_open_by(const Inode& inode, const Author& author) {
  if (std::holds_alternative<ScratchPlace>(inode.place)) return;
  if (std::holds_alternative<ControlPlace>(inode.place)) return;  // its commands are judged one by one
  if (const auto* place = std::get_if<NodePlace>(&inode.place)) return require_writable_state(*place, author);
  throw Rejection(Cause::not_permitted,
                  inode.path + " is read-only; it shows what other files say: write to a field, or a patch to `patch`");
}

}  // namespace

// Most are allowed to: only for a refusal, which names the writer, is /proc asked for his labels.
void require_open_for_write(Mount& mount, const Inode& inode, const Caller& caller) {
  try {
    require_open_by(inode, mount.authority_of(caller));
  } catch (const Rejection&) {
    require_open_by(inode, mount.author_of(caller));
  }
}

void add_file_operations(fuse_lowlevel_ops& table) {
  table.open = open_file;
  table.read = read_file;
  table.write = write_file;
  table.flush = flush_file;
  table.release = release_file;
  table.fsync = sync_file;
  table.fsyncdir = sync_file;
}

}  // namespace statusfs
