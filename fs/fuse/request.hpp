// One guard around every FUSE operation.
//
// An operation's body works out a Reply, which the guard sends once, after the body has returned and let go of all its
// locks. Whatever the body throws becomes an errno, and a refusal is written down. A body that hands the request to
// another thread returns no reply and promises that the other thread sends one.
#pragma once

#include <functional>
#include <string>

#include "fs/fuse/fuse_library.hpp"
#include "fs/fuse/mount.hpp"

namespace statusfs {

using Reply = std::function<void(fuse_req_t)>;

/// The request is answered by another thread.
inline Reply later() { return {}; }
Reply reply_error(int error_number);
inline Reply reply_done() { return reply_error(0); }

Mount& mount_of(fuse_req_t request);
Caller caller_of(fuse_req_t request);

/// Throws Rejection(not_found) for an inode that the kernel was told to forget.
std::shared_ptr<const Inode> inode_of(Mount& mount, fuse_ino_t id);

/// A lookup that has been counted: the kernel must get it, or the count is given back at the end of this.
class CountedLookup {
 public:
  CountedLookup(Mount& mount, std::shared_ptr<const Inode> inode) : mount_(mount), inode_(std::move(inode)) {}
  ~CountedLookup() {
    if (inode_) mount_.inodes().forget(inode_->id, 1);
  }
  CountedLookup(const CountedLookup&) = delete;
  CountedLookup& operator=(const CountedLookup&) = delete;
  /// The kernel has got it.
  void hand_over() noexcept { inode_.reset(); }

 private:
  Mount& mount_;
  std::shared_ptr<const Inode> inode_;
};

/// The answer to a lookup that has been counted. Throws what InodeAttributes throws, except that what vanished since it
/// was looked up is answered ENOENT.
Reply reply_entry(Mount& mount, const std::shared_ptr<const Inode>& inode, double entry_timeout);
/// The same at once; throws nothing.
void send_entry(fuse_req_t request, Mount& mount, const std::shared_ptr<const Inode>& inode,
                double entry_timeout) noexcept;
struct fuse_entry_param entry_of(Mount& mount, const Inode& inode, double entry_timeout);

/// How long the kernel may believe what it was told; every change is announced to it.
inline constexpr double announced_timeout = 86400;
/// That for an inode's attributes: nothing for the few files that change without an announcement.
double attribute_timeout(const Inode& inode);
/// That for the name of a place: nothing where the name may stand for another inode the next time.
double entry_timeout(const Place& place);

void guarded(fuse_req_t request, const std::function<Reply(Mount&)>& body,
             const std::function<std::string(Mount&)>& path);

/// The same for operations on an inode, whose path is written down with a refusal.
void guarded(fuse_req_t request, fuse_ino_t id, const std::function<Reply(Mount&)>& body);
/// The same for operations on a name in a directory.
void guarded(fuse_req_t request, fuse_ino_t directory, const char* name, const std::function<Reply(Mount&)>& body);

}  // namespace statusfs
