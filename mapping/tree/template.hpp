// The content of new files and tasks, from the `initial` values of the mapping.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mapping/document/value.hpp"
#include "mapping/schema/mapping.hpp"
#include "mapping/tree/status_document.hpp"

namespace statusfs {

/// What the placeholders of `initial` values stand for.
struct TemplateNames {
  std::string stem;     ///< {stem}: file name without .txt
  std::string plan_id;  ///< {plan_id}
  std::string task_id;  ///< {task_id}
  std::int64_t g = 0;   ///< {g}: the value of the global counter that the new thing gets
};

/// The field whose initial value is exactly this placeholder, or nullptr: that is how code finds the fields that
/// hold the schema id and the entity type.
const Field* field_initialised_by(const Mapping& mapping, std::string_view placeholder);

/// Why the document can be shown and nothing more: its schema is another one than its mapping describes. Empty: it is
/// that one, or none yet.
std::string hindrance_of_schema(const StatusDocument& document);

/// A new task: every field of the mapping with an initial value, in the mapping's order.
Value initial_task(const Mapping& mapping, const TemplateNames& names);

/// A new file without tasks. Its stamped fields are not filled in yet.
Value initial_document(const Mapping& mapping, const TemplateNames& names);

/// `root` with all rows of the header that are absent filled in, the header first.
Value with_completed_header(const Mapping& mapping, const Value& root, const TemplateNames& names);

}  // namespace statusfs
