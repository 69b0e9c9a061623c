// The execution plan beside a status file, read again whenever it is another file than before.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "fs/store/status_source.hpp"
#include "mapping/rules/plan.hpp"
#include "mapping/tree/status_document.hpp"

namespace statusfs {

/// The name of the file of the plan that the document names; empty where it names none.
std::string plan_file_name(const StatusDocument& document);

/// Thread safety: one thread at a time. plan() may be kept and used anywhere.
class PlanFile {
 public:
  /// `source` is where plans lie, `warn` takes what concerns whoever looks after the file; both must outlive this.
  PlanFile(StatusSource& source, const std::function<void(const std::string&)>& warn);

  /// Looks at the plan that the document names; cheap where nothing changed. Whether anything is other than before.
  bool refresh(const StatusDocument& document);

  /// nullptr where there is none: then the rules that need one are off. A file that cannot be used leaves the last good
  /// one in force.
  const std::shared_ptr<const Plan>& plan() const noexcept { return plan_; }
  /// Why the status file takes no writes: the plan was validated, or its file cannot be used and there was no good one.
  /// Else empty.
  std::string hindrance() const;

 private:
  void read(const std::string& file_name, const std::string& id);

  StatusSource& source_;
  const std::function<void(const std::string&)>& warn_;
  std::string file_name_;               // of what is remembered below
  std::function<bool()> is_unchanged_;  // since it was read last
  std::shared_ptr<const Plan> plan_;
  std::string complaint_;  // about the file that was read last
};

}  // namespace statusfs
