// Notices for the administrator.
#pragma once

#include <string>
#include <string_view>

namespace statusfs {

/// Where notices go: under systemd, to the journal with fields of their own (statusfs(5)); else in the foreground
/// to standard error, and in the background to syslog (and to standard error as long as somebody is reading it).
class Notices {
 public:
  /// What a notice is about; STATUSFS_EVENT in the journal.
  enum class Event {
    notice,              ///< of a status file, or of the mount as a whole
    config_read,         ///< the configuration was read again
    config_kept,         ///< the new configuration is invalid, and the old one stays
    dead_mount_cleared,  ///< a mount whose daemon had died was taken away
  };
  /// What the mount shows, and where; STATUSFS_SOURCE and STATUSFS_MOUNTPOINT in the journal.
  struct Subject {
    std::string source, mountpoint;
  };

  Notices(bool foreground, Subject subject);
  ~Notices();
  Notices(const Notices&) = delete;
  Notices& operator=(const Notices&) = delete;

  /// Thread safety: any thread.
  void write(const std::string& message, Event event = Event::notice) const;

 private:
  enum class Sink { journal, standard_error, syslog };
  const Sink sink_;
  const Subject subject_;
};

}  // namespace statusfs
