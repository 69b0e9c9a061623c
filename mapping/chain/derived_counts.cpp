#include "mapping/chain/derived_counts.hpp"

namespace statusfs {
namespace {

bool matches(const Field& field, const Value& task) {
  const Value* value = task.find(field.derived->field);
  return value && value->is_string() && value->as_string() == field.derived->equals;
}

std::size_t count_matching(const StatusDocument& document, const Field& field) {
  std::size_t count = 0;
  for (std::size_t position = 0; position < document.task_count(); ++position)
    count += matches(field, document.task(position));
  return count;
}

std::int64_t percentage(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<std::int64_t>(100 * part / whole);
}

}  // namespace

std::int64_t derived_value(const StatusDocument& document, const Field& field) {
  return percentage(count_matching(document, field), document.task_count());
}

DerivedCounts::DerivedCounts(const StatusDocument& document) {
  for (const Field* field : document.mapping().file_fields())
    if (field->derived) counts_.push_back({field, count_matching(document, *field)});
}

void DerivedCounts::task_changed(const Value* before, const Value* after) {
  for (Count& count : counts_) {
    if (before && matches(*count.field, *before)) --count.matching;
    if (after && matches(*count.field, *after)) ++count.matching;
  }
}

std::vector<std::pair<const Field*, std::int64_t>> DerivedCounts::values(std::size_t task_count) const {
  std::vector<std::pair<const Field*, std::int64_t>> result;
  for (const Count& count : counts_) result.emplace_back(count.field, percentage(count.matching, task_count));
  return result;
}

}  // namespace statusfs
