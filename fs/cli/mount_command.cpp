#include "fs/cli/mount_command.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <mutex>
#include <thread>

#include "fs/cli/daemon.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/mount_options.hpp"
#include "fs/cli/notices.hpp"
#include "fs/cli/service_manager.hpp"
#include "fs/cli/unmounting.hpp"
#include "fs/counter/memory_counter.hpp"
#include "fs/counter/state_file_counter.hpp"
#include "fs/fuse/session.hpp"
#include "fs/signing/ed25519.hpp"
#include "fs/store/local/journal_file.hpp"
#include "fs/store/local/posix_files.hpp"

namespace statusfs {
namespace {

namespace filesystem = std::filesystem;

bool is_at_or_below(const filesystem::path& path, const filesystem::path& top) {
  const auto [end_of_top, rest] = std::mismatch(top.begin(), top.end(), path.begin(), path.end());
  return end_of_top == top.end();
}

// The daemon works on the files of SOURCE by path. Were the mount over them, it would wait for itself.
void require_apart(const Source& source, const std::string& mountpoint) {
  std::error_code error;
  const filesystem::path target = filesystem::canonical(mountpoint, error);
  if (error) throw CommandError(ExitStatus::mount_failed, mountpoint + ": " + error.message());
  if (!filesystem::is_directory(target))
    throw CommandError(ExitStatus::mount_failed, mountpoint + ": is no directory");
  if (is_at_or_below(target, source.directory) || is_at_or_below(source.directory, target))
    throw CommandError(ExitStatus::mount_failed,
                       mountpoint + ": SOURCE and MOUNTPOINT must not lie in each other; mount on a directory of its own");
}

Source source_of(const std::string& path) {
  try {
    return Source::of(path);
  } catch (const std::exception& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

// The configuration in force, swapped as a whole when it is read again.
class CurrentConfig {
 public:
  /// `given`: the option's file, absolute.
  CurrentConfig(std::optional<std::string> given, const Mapping& mapping)
      : given_(std::move(given)), archetypes_(mapping.archetypes), config_(read()) {}

  Config get() const {
    const std::lock_guard lock(mutex_);
    return config_;
  }
  /// Keeps the old one where the new one is invalid; throws ConfigError then.
  void reload() {
    Config config = read();
    const std::lock_guard lock(mutex_);
    config_ = std::move(config);
  }

 private:
  Config read() const {
    const auto file = config_file(given_);  // each time: the default file may have come since
    return file ? load_config(*file, archetypes_, getuid()) : default_config(getuid());
  }

  const std::optional<std::string> given_;
  const std::vector<std::string> archetypes_;
  mutable std::mutex mutex_;  // guards config_; innermost
  Config config_;
};

sigset_t signals(std::initializer_list<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  return set;
}

// SIGHUP reads the configuration again. It is blocked in every thread and waited for by this one.
class ReloadThread {
 public:
  ReloadThread(CurrentConfig& config, const Notices& notices, const std::string& service_status)
      : thread_([&config, &notices, service_status](const std::stop_token& stop) {
          run(config, notices, service_status, stop);
        }) {}

 private:
  static void run(CurrentConfig& config, const Notices& notices, const std::string& service_status,
                  const std::stop_token& stop) {
    const sigset_t hangup = signals({SIGHUP});
    const timespec interval{0, 200'000'000};
    while (!stop.stop_requested()) {
      if (sigtimedwait(&hangup, nullptr, &interval) != SIGHUP) continue;
      report_service_reloading();
      try {
        config.reload();
        notices.write("the configuration was read again", Notices::Event::config_read);
      } catch (const std::exception& error) {
        notices.write(std::string("the configuration stays as it was: ") + error.what(), Notices::Event::config_kept);
      }
      report_service_ready(service_status);
    }
  }
  std::jthread thread_;
};

// Every status file with a journal keeps one descriptor. Where the limit cannot be raised the mount says later what it lacks.
void allow_many_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::unique_ptr<GlobalCounter> counter_of(const MountSettings& settings) {
  if (!settings.state) return std::make_unique<MemoryCounter>(0);
  try {
    return std::make_unique<StateFileCounter>(filesystem::absolute(*settings.state));
  } catch (const std::exception& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
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
  if (settings.read_only) throw CommandError(ExitStatus::usage, "-o anchor_log tells of changes; with -o ro there are none");
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

CurrentConfig config_of(const MountSettings& settings, const Mapping& mapping) {
  try {
    // The daemon leaves the directory that a relative path begins at.
    const auto given = settings.config ? std::optional(filesystem::absolute(*settings.config).string()) : std::nullopt;
    return CurrentConfig(given, mapping);
  } catch (const ConfigError& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

std::unique_ptr<Mount> open_source(Source source, const EngineContext& context, Presentation presentation) {
  try {
    return std::make_unique<Mount>(std::move(source), context, std::move(presentation));
  } catch (const JournalHeld& held) {
    throw CommandError(ExitStatus::mount_failed, held.what());
  } catch (const std::exception& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

ExitStatus serve(Mount& mount, const MountArguments& arguments, const MountSettings& settings) {
  SessionOptions options{filesystem::canonical(arguments.mountpoint).string(),
                         filesystem::canonical(arguments.source).string(), settings.kernel_options, arguments.debug, settings.max_threads};
  std::unique_ptr<Session> session;
  try {
    session = std::make_unique<Session>(mount, options);
  } catch (const std::exception& error) {
    throw CommandError(ExitStatus::mount_failed, error.what());
  }
  const sigset_t ending = signals({SIGINT, SIGTERM});
  pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
  const bool ended_well = session->run();
  report_service_stopping();
  return ended_well ? ExitStatus::done : ExitStatus::mount_failed;
}

}  // namespace

ExitStatus mount_command(const MountArguments& arguments) {
  const MountSettings settings = read_mount_options(arguments.options);
  const auto mapping = load_mapping_file(settings.mapping);
  Source source = source_of(arguments.source);
  const int dead_mounts = clear_dead_mounts(arguments.mountpoint);
  require_apart(source, arguments.mountpoint);
  Daemon daemon(arguments.foreground || arguments.debug);
  // Signals are for the first thread, and only once it serves; all others inherit them blocked.
  allow_many_files();
  const sigset_t handled = signals({SIGHUP, SIGINT, SIGTERM});
  pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  const Notices notices(arguments.foreground || arguments.debug, {arguments.source, arguments.mountpoint});
  if (dead_mounts > 0)
    notices.write("took away a mount on " + arguments.mountpoint + " whose daemon had died", Notices::Event::dead_mount_cleared);
  CurrentConfig config = config_of(settings, *mapping);
  const std::string service_status = "shows " + arguments.source + " on " + arguments.mountpoint;
  const ReloadThread reload(config, notices, service_status);
  const auto counter = counter_of(settings);
  Metrics metrics;
  const auto signing_key = signing_key_of(settings);
  PosixFiles files;
  const auto anchor_log = anchor_log_of(settings, files, signing_key, notices);
  const EngineContext context{mapping,
                              *counter,
                              metrics,
                              [&config] { return config.get(); },
                              [&notices](const std::string& message) { notices.write(message); },
                              settings.read_only,
                              settings.adopt,
                              signing_key,
                              anchor_log.get()};
  const auto mount = open_source(std::move(source), context, presentation_of(settings));
  mount->on_ready = [&] {
    daemon.report_ready();
    report_service_ready(service_status);
  };
  return serve(*mount, arguments, settings);
}

}  // namespace statusfs
