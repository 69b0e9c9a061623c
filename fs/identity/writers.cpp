#include "fs/identity/writers.hpp"

#include <algorithm>
#include <utility>

#include "fs/identity/persona.hpp"
#include "fs/identity/trace_context.hpp"

namespace statusfs {
namespace {

bool is_group_row(const WriterRow& row) { return row.match == WriterRow::Match::group; }

bool is_member(const Caller& caller, gid_t group) {
  return caller.gid == group || std::ranges::find(caller.groups, group) != caller.groups.end();
}

bool matches(const WriterRow& row, const Caller& caller) {
  return is_group_row(row) ? is_member(caller, row.id) : caller.uid == row.id;
}

std::string trace_id_from(const Labels& labels) {
  std::optional<std::string> given;
  if (labels.trace_parent) given = trace_id_of(*labels.trace_parent);
  return given ? *std::move(given) : new_trace_id();
}

}  // namespace

Writers::Writers(std::vector<WriterRow> rows, std::string archetype_of_unnamed)
    : rows_(std::move(rows)),
      archetype_of_unnamed_(std::move(archetype_of_unnamed)),
      needs_groups_(std::ranges::any_of(rows_, is_group_row)) {}

const WriterRow* Writers::row_of(const Caller& caller) const noexcept {
  const auto found = std::ranges::find_if(rows_, [&](const WriterRow& row) { return matches(row, caller); });
  return found == rows_.end() ? nullptr : &*found;
}

std::string Writers::persona_of(const WriterRow* row, const Caller& caller, const Labels& labels) const {
  if (row != nullptr && row->persona) return *row->persona;
  if (labels.persona && is_persona(*labels.persona) && !is_reserved_persona(*labels.persona)) return *labels.persona;
  std::string name = user_names_.name_of(caller.uid);
  return is_reserved_persona(name) ? "user " + name : name;
}

Author Writers::authority_of(const Caller& caller) const {
  const WriterRow* const row = row_of(caller);
  Author author;
  author.archetype = row == nullptr ? archetype_of_unnamed_ : row->archetype;
  author.uid = caller.uid;
  author.pid = caller.pid;
  return author;
}

Author Writers::author_of(const Caller& caller, const Labels& labels) const {
  Author author = authority_of(caller);
  author.persona = persona_of(row_of(caller), caller, labels);
  author.trace_id = trace_id_from(labels);
  return author;
}

}  // namespace statusfs
