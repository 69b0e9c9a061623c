#include "fs/cli/notices.hpp"

#define SD_JOURNAL_SUPPRESS_LOCATION  // where in the code a notice is written is of no use to an administrator
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "fs/store/file_names.hpp"

namespace statusfs {
namespace {

// systemd.exec(5): JOURNAL_STREAM is "device:inode" of the stream that leads to the journal. A program whose standard
// error was led elsewhere since then inherits the variable all the same.
bool leads_to_journal(int descriptor) {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || fstat(descriptor, &status) != 0) return false;
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

// One call, so that lines of several threads do not mix.
void print(const std::string& message) { std::cerr << "statusfs: " + message + "\n" << std::flush; }

const char* name_of(Notices::Event event) {
  switch (event) {
    case Notices::Event::notice:
      return "notice";
    case Notices::Event::config_read:
      return "config_read";
    case Notices::Event::config_kept:
      return "config_kept";
    case Notices::Event::dead_mount_cleared:
      return "dead_mount_cleared";
  }
  return "notice";
}

int priority_of(Notices::Event event) {
  const bool needs_attention = event == Notices::Event::config_kept || event == Notices::Event::dead_mount_cleared;
  return needs_attention ? LOG_WARNING : LOG_NOTICE;
}

// Notices of one status file begin with its name: "exec_status_125: ...".
std::string file_in(const std::string& message) {
  const std::size_t end = message.find(": ");
  const std::string name = message.substr(0, end == std::string::npos ? 0 : end);
  return stem_of(file_name_of(name)) && name.find(' ') == std::string::npos ? name : std::string();
}

}  // namespace

Notices::Notices(bool foreground, Subject subject)
    : sink_(leads_to_journal(STDERR_FILENO) ? Sink::journal
            : foreground                    ? Sink::standard_error
                                            : Sink::syslog),
      subject_(std::move(subject)) {
  openlog("statusfs", LOG_PID, LOG_DAEMON);
}

Notices::~Notices() { closelog(); }

void Notices::write(const std::string& message, Event event) const {
  if (sink_ == Sink::journal) {
    sd_journal_send("MESSAGE=%s", message.c_str(), "PRIORITY=%d", priority_of(event), "SYSLOG_IDENTIFIER=statusfs",
                    "STATUSFS_EVENT=%s", name_of(event), "STATUSFS_SOURCE=%s", subject_.source.c_str(),
                    "STATUSFS_MOUNTPOINT=%s", subject_.mountpoint.c_str(), "STATUSFS_FILE=%s", file_in(message).c_str(),
                    nullptr);
    return;
  }
  print(message);
  if (sink_ == Sink::syslog) syslog(priority_of(event), "%s", message.c_str());
}

}  // namespace statusfs
