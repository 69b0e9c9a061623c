#include "fs/cli/mount_command.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <initializer_list>
#include <system_error>

#include "fs/anchor/anchor_log.hpp"
#include "fs/cli/config_reload.hpp"
#include "fs/cli/daemon.hpp"
#include "fs/cli/etcd_access.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/mount_options.hpp"
#include "fs/cli/mount_source.hpp"
#include "fs/cli/notices.hpp"
#include "fs/cli/service_manager.hpp"
#include "fs/cli/unmounting.hpp"
#include "fs/fuse/session.hpp"
#include "fs/signing/ed25519.hpp"
#include "fs/store/local/journal_file.hpp"
#include "fs/store/local/posix_files.hpp"

namespace statusfs {
namespace {

namespace filesystem = std::filesystem;

sigset_t signals(std::initializer_list<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  return set;
}

// For the first thread, and only once it serves; all others inherit them blocked.
void block_signals() {
  const sigset_t handled = signals({SIGHUP, SIGINT, SIGTERM});
  pthread_sigmask(SIG_BLOCK, &handled, nullptr);
}

void let_signals_end_it() {
  const sigset_t ending = signals({SIGINT, SIGTERM});
  pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
}

// One that came while the files were read. Nothing is mounted yet.
void require_no_ending_signal() {
  sigset_t pending;
  sigpending(&pending);
  if (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1)
    throw CommandError(ExitStatus::mount_failed, "a signal ended it before it was mounted");
}

// A file that would outgrow RLIMIT_FSIZE is EFBIG then, and no end of the mount.
void survive_file_size_limit() { signal(SIGXFSZ, SIG_IGN); }

// Every status file with a journal keeps one descriptor. Where the limit cannot be raised the mount says later what it
// lacks.
void allow_many_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// A mount that changes nothing signs nothing, but a key that cannot be used is refused all the same.
std::shared_ptr<const SigningKey> signing_key_of(const MountSettings& settings) {
  if (!settings.signing_key) return nullptr;
  try {
    return std::make_shared<const SigningKey>(SigningKey::read(*settings.signing_key));
  } catch (const KeyError& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

std::unique_ptr<AnchorLog> anchor_log_of(const MountSettings& settings, Files& files,
                                         const std::shared_ptr<const SigningKey>& key, const Notices& notices) {
  if (!settings.anchor_log) return nullptr;
  if (settings.read_only)
    throw CommandError(ExitStatus::usage, "-o anchor_log tells of changes; with -o ro there are none");
  try {
    return std::make_unique<AnchorLog>(files, filesystem::absolute(*settings.anchor_log).string(), key,
                                       [&notices](const std::string& message) { notices.write(message); });
  } catch (const std::exception& error) {
    throw CommandError(ExitStatus::unusable, std::string("-o anchor_log: ") + error.what());
  }
}

Presentation presentation_of(const MountSettings& settings) {
  return {getuid(), getgid(), settings.umask.value_or(0), settings.allow_other, STATUSFS_VERSION, settings.history};
}

std::unique_ptr<Mount> open_source(StatusSource& source, const EngineContext& context, const MountSettings& settings) {
  try {
    return std::make_unique<Mount>(source, context, presentation_of(settings),
                                   settings.max_threads.value_or(usual_serving_threads));
  } catch (const JournalHeld& held) {
    throw CommandError(ExitStatus::mount_failed, held.what());
  } catch (const std::exception& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

std::unique_ptr<Session> mounted(Mount& mount, const MountArguments& arguments, const MountSettings& settings,
                                 const std::string& source) {
  const SessionOptions options{filesystem::canonical(arguments.mountpoint).string(), source, settings.kernel_options,
                               arguments.debug, settings.max_threads};
  try {
    return std::make_unique<Session>(mount, options);
  } catch (const std::exception& error) {
    throw CommandError(ExitStatus::mount_failed, error.what());
  }
}

// The daemon has no terminal any more: why it ended is a notice.
ExitStatus run(Session& session, const Notices& notices) {
  ExitStatus status = ExitStatus::done;
  try {
    session.run(let_signals_end_it);
  } catch (const std::system_error& error) {
    notices.write(std::string("the mount ended: ") + error.what());
    status = ExitStatus::mount_failed;
  }
  report_service_stopping();
  return status;
}

std::function<void(Checkpoint)> tell_anchor_log(AnchorLog& log) {
  return [&log](Checkpoint newest) { log.stands_at(std::move(newest)); };
}

// In the process that stays.
ExitStatus serve(MountSource& source, const MountArguments& arguments, const MountSettings& settings,
                 const std::shared_ptr<const Mapping>& mapping, const Notices& notices, Daemon& daemon) {
  CurrentConfig config(settings.config, *mapping);
  const std::string service_status = "shows " + arguments.source + " on " + arguments.mountpoint;
  const ReloadThread reload(config, notices, service_status);
  const auto signing_key = signing_key_of(settings);
  const OpenedSource opened = source.open(settings, mapping, signing_key);
  Metrics metrics;
  PosixFiles files;
  const auto anchor_log = anchor_log_of(settings, files, signing_key, notices);
  std::optional<DocumentCache> cache;
  if (settings.cache) cache.emplace(*settings.cache);
  const EngineContext context{mapping,
                              *opened.counter,
                              metrics,
                              [&config] { return config.get(); },
                              [&notices](const std::string& message) { notices.write(message); },
                              settings.read_only,
                              settings.adopt,
                              anchor_log ? tell_anchor_log(*anchor_log) : nullptr,
                              cache ? &*cache : nullptr,
                              source.is_in_etcd() ? host_name(settings.etcd) : std::string()};
  const auto mount = open_source(*opened.source, context, settings);
  mount->on_ready = [&] {
    daemon.report_ready();
    report_service_ready(service_status);
  };
  daemon.require_awaited();
  require_no_ending_signal();
  const auto session = mounted(*mount, arguments, settings, source.shown());
  return run(*session, notices);
}

}  // namespace

ExitStatus mount_command(const MountArguments& arguments) {
  const std::vector<int> inherited = inherited_descriptors();
  const MountSettings settings = read_mount_options(arguments.options);
  const auto mapping = load_mapping_file(settings.mapping);
  MountSource source(arguments.source, settings);
  const std::vector<MountEntry> dead_mounts = clear_dead_mounts(arguments.mountpoint);
  source.require_mountpoint(arguments.mountpoint);
  const bool in_foreground = arguments.foreground || arguments.debug;
  Daemon daemon(in_foreground, inherited);
  allow_many_files();
  survive_file_size_limit();
  block_signals();
  const Notices notices(in_foreground, {arguments.source, arguments.mountpoint});
  if (!dead_mounts.empty())
    notices.write("took away a mount on " + arguments.mountpoint + " whose daemon had died",
                  Notices::Event::dead_mount_cleared);
  return serve(source, arguments, settings, mapping, notices, daemon);
}

}  // namespace statusfs
