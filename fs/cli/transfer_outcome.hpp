// What becomes of the files of an import or an export: one that cannot be moved hinders no other.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "fs/cli/exit_status.hpp"

namespace statusfs {

/// Thread safety: one thread.
class TransferOutcome {
 public:
  /// Moves one file, and says on standard output what `move` returns of it. What hinders this file alone is kept for
  /// finish(). Throws EtcdError where no other file could be moved either; what was kept is told before.
  void add(const std::string& name, const std::function<std::string()>& move);
  /// Tells on standard error what was kept, a line a file.
  ExitStatus finish();

 private:
  void tell_hindrances();

  std::size_t count_ = 0;
  std::vector<std::string> hindrances_;
};

}  // namespace statusfs
