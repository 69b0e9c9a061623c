#include "fs/cli/notices.hpp"

#include <syslog.h>

#include <iostream>

namespace statusfs {
namespace {

// One call, so that lines of several threads do not mix.
void print(const std::string& message) { std::cerr << "statusfs: " + message + "\n" << std::flush; }

}  // namespace

Notices::Notices(bool) { openlog("statusfs", LOG_PID, LOG_DAEMON); }

Notices::~Notices() { closelog(); }

// In the background standard error leads nowhere by then, and syslog is all that is left.
void Notices::write(const std::string& message) const {
  print(message);
  syslog(LOG_NOTICE, "%s", message.c_str());
}

}  // namespace statusfs
