#include "fs/cli/offline_control.hpp"

#include <unistd.h>

#include <iostream>

#include "fs/cli/exit_status.hpp"
#include "fs/cli/offline_author.hpp"
#include "fs/cli/offline_store.hpp"
#include "fs/counter/memory_counter.hpp"
#include "fs/engine/committer.hpp"
#include "fs/store/local/local_source.hpp"
#include "fs/store/local/local_store.hpp"
#include "fs/store/local/posix_files.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

// Nobody watches: the file is not mounted.
class NoEvents final : public VersionEvents {
 public:
  void publish(std::span<const Version>, std::shared_ptr<const FileState> state) override { state_ = std::move(state); }
  void replace(std::shared_ptr<const FileState> state) override { state_ = std::move(state); }
  void warn(const std::string&) override {}  // it was logged, and that is all there is to look at
  std::uint64_t version() const { return state_ ? state_->head.version : 0; }

 private:
  std::shared_ptr<const FileState> state_;
};

}  // namespace

std::uint64_t run_offline(const StatusTarget& target, const std::shared_ptr<const Mapping>& mapping,
                          const ControlRequest& request, const std::string& signing_key) {
  MemoryCounter counter(largest_g_in_directory(target.directory()));
  Metrics metrics;
  const EngineContext context{mapping,
                              counter,
                              metrics,
                              [&] { return default_config(mapping->authority(), getuid()); },
                              [&](const std::string& message) { std::cerr << "statusfs: " << message << '\n'; },
                              false,
                              false};
  PosixFiles files;
  LocalStore store(target.path, mapping, files, offline_options(signing_key));
  NoEvents events;
  LocalSource source({target.directory(), std::nullopt}, mapping, false);  // for the plan
  Committer committer(target.stem, source, store, context, events);
  std::optional<Rejection> refusal;
  try {
    committer.load();
    std::vector<Job> jobs;
    jobs.push_back(
        {request, offline_author(*mapping), [&](const std::optional<Rejection>& answer) { refusal = answer; }});
    committer.run(std::move(jobs), {});
  } catch (const std::exception& error) {
    throw CommandError(ExitStatus::unusable, about(target.path, error.what()));
  }
  if (refusal) throw CommandError(ExitStatus::unusable, about(target.path, refusal->what()));
  if (const StoreResult result = store.settle(); result.status != StoreStatus::done)
    throw CommandError(ExitStatus::unusable, about(target.path, result.reason));
  warn_of_old_signature(target, signing_key);
  return events.version();
}

}  // namespace statusfs
