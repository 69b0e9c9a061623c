// Who makes a FUSE request, as far as /proc can tell.
//
// To be asked inside the handler: the caller waits until the reply, so its thread id is surely its own until then. A
// process that vanished all the same (killed while it waited) is no error: what is not known stays 0 or empty.
// All functions may be called by any thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fs/identity/thread_groups.hpp"

namespace statusfs {

/// uid and gid come from the kernel and are the only authority, with the supplementary groups; pid and session serve
/// for telling processes apart.
struct Caller {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;              ///< the thread group; 0 in RELEASE, and for a process outside our pid namespace
  pid_t session = 0;          ///< getsid(2)
  std::vector<gid_t> groups;  ///< supplementary groups; empty unless they were asked for
};

/// `thread` is what FUSE calls pid. A file of /proc is read for the groups, and for a thread that does not lead its
/// process, unless `known` has it.
Caller identify(uid_t uid, gid_t gid, pid_t thread, bool with_groups = false, ThreadGroups* known = nullptr);

/// What a process says of itself in its environment, which it can forge: labels, never authority.
struct Labels {
  std::optional<std::string> persona;       ///< STATUSFS_PERSONA, as it stands
  std::optional<std::string> trace_parent;  ///< TRACEPARENT, as it stands
};

/// An environment beyond this size is read only so far.
inline constexpr std::size_t maximum_environment = std::size_t{1} << 20;

/// The labels that the process was started with. An environment that cannot be read (another user's, a vanished
/// process) is as none.
Labels read_labels(pid_t pid);

/// The labels in the text of /proc/PID/environ: entries that end in NUL, of which the first of a name counts.
Labels labels_in(std::string_view environment);

}  // namespace statusfs
