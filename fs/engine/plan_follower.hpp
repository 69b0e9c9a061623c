// Keeps a status file following its execution plan: the rules that the plan brings, and what it says of itself.
#pragma once

#include <functional>
#include <string>

#include "fs/engine/plan_file.hpp"
#include "fs/engine/version_writer.hpp"

namespace statusfs {

/// Thread safety: one thread at a time.
class PlanFollower {
 public:
  /// `source` is where the plan lies. Both must outlive this.
  PlanFollower(StatusSource& source, VersionWriter& writer);

  /// Looks whether the plan is another than before (cheap where it is not), and writes down what it says of itself.
  /// Whether anything changed that readers see and were not told of.
  bool follow();

 private:
  bool mirror_plan_values();

  VersionWriter& writer_;
  const std::function<void(const std::string&)> warn_;
  PlanFile plan_;
};

}  // namespace statusfs
