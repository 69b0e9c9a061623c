#include "mapping/schema/override_loader.hpp"

namespace statusfs {

std::vector<LockOverride> load_overrides(const LoadContext& context) {
  std::vector<LockOverride> overrides;
  for (const auto* scope : {&context.mapping.file_fields(), &context.mapping.task_fields()}) {
    for (const Field* field : *scope) {
      const YamlNode* log = context.row_of(*field).find("override_log");
      if (log == nullptr) continue;
      if (!field->in_task) log->fail("'override_log' goes only with rows in the collection");
      overrides.push_back({field, &task_log(*log, context.mapping)});
    }
  }
  return overrides;
}

}  // namespace statusfs
