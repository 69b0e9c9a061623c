// The configuration of a running mount, which SIGHUP reads again.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "fs/cli/notices.hpp"
#include "fs/identity/config.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

/// The configuration in force, swapped as a whole when it is read again.
/// Thread safety: any thread.
class CurrentConfig {
 public:
  /// `given`: the file of -o config; without it /etc/statusfs.yaml holds where it exists. Throws
  /// CommandError(unusable).
  CurrentConfig(const std::optional<std::string>& given, const Mapping& mapping);

  Config get() const;
  /// Keeps the old one where the new one is invalid; throws ConfigError then.
  void reload();

 private:
  Config read() const;

  const std::optional<std::string> given_;
  const std::vector<std::string> archetypes_;
  mutable std::mutex mutex_;  // guards config_; innermost
  Config config_;
};

/// Waits for SIGHUP, which must be blocked in every thread, and reads the configuration again. The service manager is
/// told, too; `service_status` is what it shows of the mount.
class ReloadThread {
 public:
  ReloadThread(CurrentConfig& config, const Notices& notices, const std::string& service_status);
  /// Returns at once, or when a reading that has begun is over.
  ~ReloadThread();
  ReloadThread(const ReloadThread&) = delete;
  ReloadThread& operator=(const ReloadThread&) = delete;

 private:
  std::jthread thread_;
};

}  // namespace statusfs
