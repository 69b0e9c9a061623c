// The connection to the kernel: mounting, serving, unmounting.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fs/fuse/mount.hpp"

namespace statusfs {

struct SessionOptions {
  std::string mountpoint;
  std::string source;                       ///< shown by mount(8) as the device
  std::vector<std::string> kernel_options;  ///< as mount(8) takes them: ro, nosuid, allow_other, ...
  bool debug = false;                       ///< libfuse prints every request
  std::optional<unsigned> max_threads;      ///< that answer the kernel; libfuse's own number without it
};

/// Thread safety: one thread, which must be the process's first one, because signals end run() by interrupting it.
class Session {
 public:
  /// Mounts. `mount` is served until the destructor and must outlive it. Throws std::runtime_error where the kernel or
  /// fusermount3 refuses.
  Session(Mount& mount, const SessionOptions& options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Serves requests until the file system is unmounted or a SIGTERM or SIGINT arrives. `on_signals_handled` is called
  /// once these end it in good order. Throws std::system_error where the connection failed.
  void run(const std::function<void()>& on_signals_handled);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace statusfs
