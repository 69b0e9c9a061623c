#include "fs/cli/config_reload.hpp"

#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "fs/cli/exit_status.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/service_manager.hpp"

namespace statusfs {
namespace {

// The daemon leaves the directory that a relative path begins at.
std::optional<std::string> absolute(const std::optional<std::string>& file) {
  return file ? std::optional(std::filesystem::absolute(*file).string()) : std::nullopt;
}

void reload(CurrentConfig& config, const Notices& notices) {
  try {
    config.reload();
    notices.write("the configuration was read again", Notices::Event::config_read);
  } catch (const std::exception& error) {
    notices.write(std::string("the configuration stays as it was: ") + error.what(), Notices::Event::config_kept);
  }
}

void reload_at_hangup(CurrentConfig& config, const Notices& notices, const std::string& service_status,
                      const std::stop_token& stop) {
  sigset_t hangup;
  sigemptyset(&hangup);
  sigaddset(&hangup, SIGHUP);
  for (;;) {
    const bool has_come = sigwaitinfo(&hangup, nullptr) == SIGHUP;
    if (stop.stop_requested()) return;
    if (!has_come) continue;
    report_service_reloading();
    reload(config, notices);
    report_service_ready(service_status);
  }
}

}  // namespace

CurrentConfig::CurrentConfig(const std::optional<std::string>& given, const Mapping& mapping) try
    : given_(absolute(given)), archetypes_(mapping.archetypes), config_(read()) {
} catch (const ConfigError& error) {
  throw CommandError(ExitStatus::unusable, error.what());
}

Config CurrentConfig::get() const {
  const std::lock_guard lock(mutex_);
  return config_;
}

void CurrentConfig::reload() {
  Config config = read();
  const std::lock_guard lock(mutex_);
  config_ = std::move(config);
}

Config CurrentConfig::read() const {
  const auto file = config_file(given_);  // each time: the default file may have come since
  return file ? load_config(*file, archetypes_, getuid()) : default_config(archetypes_.front(), getuid());
}

ReloadThread::ReloadThread(CurrentConfig& config, const Notices& notices, const std::string& service_status)
    : thread_([&config, &notices, service_status](const std::stop_token& stop) {
        reload_at_hangup(config, notices, service_status, stop);
      }) {}

// The signal of its own wakes it, at once if it is waiting, and else when it would.
ReloadThread::~ReloadThread() {
  thread_.request_stop();
  pthread_kill(thread_.native_handle(), SIGHUP);
}

}  // namespace statusfs
