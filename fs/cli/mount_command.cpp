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
#include "fs/store/etcd/etcd_source.hpp"
#include "fs/store/local/journal_file.hpp"
#include "fs/store/local/local_source.hpp"
#include "fs/store/local/posix_files.hpp"

namespace statusfs {
namespace {

namespace filesystem = std::filesystem;

bool is_at_or_below(const filesystem::path& path, const filesystem::path& top) {
  const auto [end_of_top, rest] = std::mismatch(top.begin(), top.end(), path.begin(), path.end());
  return end_of_top == top.end();
}

filesystem::path require_directory(const std::string& mountpoint) {
  std::error_code error;
  filesystem::path target = filesystem::canonical(mountpoint, error);
  if (error) throw CommandError(ExitStatus::mount_failed, mountpoint + ": " + error.message());
  if (!filesystem::is_directory(target)) throw CommandError(ExitStatus::mount_failed, mountpoint + ": is no directory");
  return target;
}

EtcdAddress address_of(const std::string& text) {
  try {
    return EtcdAddress::of(text);
  } catch (const std::exception& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

// The daemon works on the files of SOURCE by path. Were the mount over them, it would wait for itself.
void require_apart(const LocalPlace& source, const std::string& mountpoint) {
  const filesystem::path target = require_directory(mountpoint);
  if (is_at_or_below(target, source.directory) || is_at_or_below(source.directory, target))
    throw CommandError(
        ExitStatus::mount_failed,
        mountpoint + ": SOURCE and MOUNTPOINT must not lie in each other; mount on a directory of its own");
}

LocalPlace source_of(const std::string& path) {
  try {
    return LocalPlace::of(path);
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

// Every status file with a journal keeps one descriptor. Where the limit cannot be raised the mount says later what it
// lacks.
void allow_many_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Where the status files are, and where their numbers come from.
struct OpenedSource {
  std::unique_ptr<StatusSource> source;
  std::unique_ptr<GlobalCounter> own_counter;  ///< nullptr where the source has one itself
  GlobalCounter* counter = nullptr;
};

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

CurrentConfig config_of(const MountSettings& settings, const Mapping& mapping) {
  try {
    // The daemon leaves the directory that a relative path begins at.
    const auto given = settings.config ? std::optional(filesystem::absolute(*settings.config).string()) : std::nullopt;
    return CurrentConfig(given, mapping);
  } catch (const ConfigError& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

std::unique_ptr<Mount> open_source(StatusSource& source, const EngineContext& context, Presentation presentation) {
  try {
    return std::make_unique<Mount>(source, context, std::move(presentation));
  } catch (const JournalHeld& held) {
    throw CommandError(ExitStatus::mount_failed, held.what());
  } catch (const std::exception& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

OpenedSource open_local_source(LocalPlace place, const MountSettings& settings,
                               const std::shared_ptr<const Mapping>& mapping,
                               const std::shared_ptr<const SigningKey>& signing_key) {
  OpenedSource opened;
  opened.own_counter = counter_of(settings);
  opened.counter = opened.own_counter.get();
  opened.source = std::make_unique<LocalSource>(std::move(place), mapping, settings.read_only, signing_key);
  return opened;
}

// Threads of its own run from here on: not before the process is in the background.
OpenedSource open_etcd_source(const std::string& name, const MountSettings& settings, EtcdAccess access,
                              const std::shared_ptr<const Mapping>& mapping) {
  try {
    auto source =
        std::make_unique<EtcdSource>(EtcdSourceOptions{std::move(access), EtcdAddress::of(name).prefix,
                                                       host_name(settings.etcd), STATUSFS_VERSION, settings.read_only},
                                     mapping);
    OpenedSource opened;
    opened.counter = &source->counter();
    opened.source = std::move(source);
    return opened;
  } catch (const EtcdError& error) {
    throw CommandError(ExitStatus::unusable, name + ": " + error.what());
  }
}

// What cannot be meant together.
void require_fitting_options(const MountSettings& settings, bool is_etcd) {
  if (!is_etcd && settings.etcd.any())
    throw OptionError("-o cacert, cert, key, passwordfile and host go with etcd://HOST:PORT/PREFIX alone");
  if (is_etcd && settings.state)
    throw OptionError("-o state does not go with etcd, where the global counter is in etcd");
  if (is_etcd && (settings.signing_key || settings.anchor_log))
    throw OptionError("-o signing_key and anchor_log are of files on this machine; they do not go with etcd");
  if (is_etcd && settings.adopt) throw OptionError("-o adopt does not go with etcd: adopt before statusfs import");
}

ExitStatus serve(Mount& mount, const MountArguments& arguments, const MountSettings& settings) {
  const std::string source =
      EtcdAddress::is_one(arguments.source) ? arguments.source : filesystem::canonical(arguments.source).string();
  SessionOptions options{filesystem::canonical(arguments.mountpoint).string(), source, settings.kernel_options,
                         arguments.debug, settings.max_threads};
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
  const bool is_etcd = EtcdAddress::is_one(arguments.source);
  require_fitting_options(settings, is_etcd);
  std::optional<LocalPlace> place;
  std::optional<EtcdAccess> access;
  if (is_etcd)
    access = etcd_access(address_of(arguments.source), settings.etcd);
  else
    place = source_of(arguments.source);
  const int dead_mounts = clear_dead_mounts(arguments.mountpoint);
  if (is_etcd)
    require_directory(arguments.mountpoint);
  else
    require_apart(*place, arguments.mountpoint);
  Daemon daemon(arguments.foreground || arguments.debug);
  // Signals are for the first thread, and only once it serves; all others inherit them blocked.
  allow_many_files();
  const sigset_t handled = signals({SIGHUP, SIGINT, SIGTERM});
  pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  const Notices notices(arguments.foreground || arguments.debug, {arguments.source, arguments.mountpoint});
  if (dead_mounts > 0)
    notices.write("took away a mount on " + arguments.mountpoint + " whose daemon had died",
                  Notices::Event::dead_mount_cleared);
  CurrentConfig config = config_of(settings, *mapping);
  const std::string service_status = "shows " + arguments.source + " on " + arguments.mountpoint;
  const ReloadThread reload(config, notices, service_status);
  const auto signing_key = signing_key_of(settings);
  const OpenedSource opened = is_etcd ? open_etcd_source(arguments.source, settings, std::move(*access), mapping)
                                      : open_local_source(std::move(*place), settings, mapping, signing_key);
  Metrics metrics;
  PosixFiles files;
  const auto anchor_log = anchor_log_of(settings, files, signing_key, notices);
  const EngineContext context{mapping,
                              *opened.counter,
                              metrics,
                              [&config] { return config.get(); },
                              [&notices](const std::string& message) { notices.write(message); },
                              settings.read_only,
                              settings.adopt,
                              signing_key,
                              anchor_log.get(),
                              is_etcd ? host_name(settings.etcd) : std::string()};
  const auto mount = open_source(*opened.source, context, presentation_of(settings));
  mount->on_ready = [&] {
    daemon.report_ready();
    report_service_ready(service_status);
  };
  return serve(*mount, arguments, settings);
}

}  // namespace statusfs
