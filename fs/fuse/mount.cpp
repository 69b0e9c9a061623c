#include "fs/fuse/mount.hpp"

#include "fs/fuse/error_number.hpp"
#include "fs/store/timestamp.hpp"

namespace statusfs {

Mount::Mount(StatusSource& source, const EngineContext& engine_context, Presentation how, unsigned serving_threads)
    : context(engine_context),
      presentation(std::move(how)),
      waiting_for_disk(serving_threads),
      waiting_for_labels_(serving_threads, SpareThreads::most) {
  inodes_ = std::make_unique<InodeTable>(RootPlace{});
  announcer_ = std::make_unique<Announcer>(*inodes_, changes, events, refusals, scratch, serving_threads);
  directory_ = std::make_unique<StatusDirectory>(source, context, *announcer_);
  tree_ = std::make_unique<TreeView>(*directory_, presentation, *context.mapping, context.metrics, refusals, scratch,
                                     events);
  attributes_ = std::make_unique<InodeAttributes>(*tree_, *directory_, presentation, changes);
  inodes_->set_root(tree_->root());
}

Mount::~Mount() = default;

void Mount::close() {
  directory_->drain();
  settle_worker.drain();
  try {
    directory_->settle();
  } catch (const Rejection& rejection) {
    context.log(std::string("the JSON is behind its journal, which has everything: ") + rejection.what());
  }
  announcer_->drain();
  changes.drop_waiters();
}

Caller Mount::identify(uid_t uid, gid_t gid, pid_t thread) {
  return statusfs::identify(uid, gid, thread, context.config().writers->needs_groups(), &thread_groups_);
}

// Handing the reading to another thread costs as much as a small write, so it is only done where this thread may be the
// one that the process waits for.
Labels Mount::labels_of(pid_t pid) {
  const SpareThreads::Permit permit(waiting_for_labels_);
  return permit ? read_labels(pid) : label_reader_.read(pid);
}

Author Mount::author_of(const Caller& caller) {
  return context.config().writers->author_of(caller, labels_of(caller.pid));
}

Author Mount::authority_of(const Caller& caller) const { return context.config().writers->authority_of(caller); }

int Mount::refuse(const Rejection& rejection, const Caller& caller, const std::string& persona,
                  const std::string& path) {
  const int number = error_number_of(rejection.cause());
  const std::string name = name_of_error(number);
  context.metrics.count_refusal(name);
  if (!rejection.rule().empty()) context.metrics.count_rule(rejection.rule(), true);
  refusals.add({format_timestamp(std::chrono::system_clock::now()), name, path, persona, caller.uid, caller.pid,
                caller.session, rejection.what()});
  return number;
}

void Mount::warn(const RuleWarning& warning, const Caller& caller, const std::string& persona,
                 const std::string& path) {
  refusals.add({format_timestamp(std::chrono::system_clock::now()), std::string(RefusalLog::warning), path, persona,
                caller.uid, caller.pid, caller.session, "accepted; rule " + warning.rule + ": " + warning.message});
}

}  // namespace statusfs
