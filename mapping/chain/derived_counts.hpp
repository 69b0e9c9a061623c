// Values that are derived from all tasks, kept up to date at the cost of the tasks that change.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mapping/tree/status_document.hpp"

namespace statusfs {

/// What a derived field must be in this document.
std::int64_t derived_value(const StatusDocument& document, const Field& field);

/// Thread safety: one thread at a time.
class DerivedCounts {
 public:
  explicit DerivedCounts(const StatusDocument& document);
  /// A task was added (no before), removed (no after) or changed.
  void task_changed(const Value* before, const Value* after);
  /// Every derived field and its value for a document with this many tasks.
  std::vector<std::pair<const Field*, std::int64_t>> values(std::size_t task_count) const;

 private:
  struct Count {
    const Field* field;
    std::size_t matching;
  };
  std::vector<Count> counts_;
};

}  // namespace statusfs
