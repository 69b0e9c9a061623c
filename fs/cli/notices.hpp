// Notices for the administrator.
#pragma once

#include <string>

namespace statusfs {

/// Where notices go: to standard error as long as somebody is reading it, then to syslog.
class Notices {
 public:
  /// `foreground`: standard error for ever.
  explicit Notices(bool foreground);
  ~Notices();
  Notices(const Notices&) = delete;
  Notices& operator=(const Notices&) = delete;

  /// Thread safety: any thread.
  void write(const std::string& message) const;
};

}  // namespace statusfs
