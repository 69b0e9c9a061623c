#include "mapping/schema/mapping.hpp"

#include <algorithm>

namespace statusfs {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool is_framed(std::string_view key, std::string_view prefix, std::string_view suffix) {
  return key.size() > prefix.size() + suffix.size() && key.starts_with(prefix) && key.ends_with(suffix);
}

void collect(const std::vector<std::unique_ptr<Field>>& rows, const std::string& directory,
             std::vector<const Field*>& file, std::vector<const Field*>& task) {
  for (const auto& row : rows) {
    row->path = directory + row->name;
    (row->in_task ? task : file).push_back(row.get());
    collect(row->children, row->type == FieldType::collection ? std::string() : row->path + "/", file, task);
  }
}

bool holds_a_value(const Field* field) {
  return field != nullptr && !field->pointer.is_root() && !field->is_directory();
}

const Field* field_below(const Field& directory, std::string_view path) {
  const Field* field = &directory;
  for (std::size_t slash = 0; field != nullptr && slash != std::string_view::npos;) {
    slash = path.find('/');
    field = field->child(path.substr(0, slash));
    if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  }
  return holds_a_value(field) ? field : nullptr;
}

}  // namespace

bool Enumeration::contains(std::string_view value) const noexcept { return statusfs::contains(values, value); }

const Field* Field::child(std::string_view child_name) const noexcept {
  for (const auto& row : children)
    if (row->name == child_name) return row.get();
  return nullptr;
}

bool Field::has_own_value() const noexcept {
  return type != FieldType::view && type != FieldType::patch && type != FieldType::board && type != FieldType::events &&
         type != FieldType::page;
}

bool Field::may_be_written_by(std::string_view archetype) const noexcept {
  return statusfs::contains(writers, archetype);
}

bool Locks::is_lock(std::string_view key) const noexcept {
  return contains(object, key) || is_framed(key, field_prefix, field_suffix) ||
         is_framed(key, list_prefix, list_suffix);
}

const Field* Mapping::top(std::string_view name) const noexcept {
  for (const auto& row : tree)
    if (row->name == name) return row.get();
  return nullptr;
}

const Field* Mapping::stamped(Stamp stamp, bool in_task) const noexcept {
  for (const Field* field : in_task ? task_fields_ : file_fields_)
    if (field->stamp == stamp) return field;
  return nullptr;
}

const Field* Mapping::at(const Pointer& pointer, bool in_task) const noexcept {
  for (const Field* field : in_task ? task_fields_ : file_fields_)
    if (field->has_own_value() && field->pointer == pointer) return field;
  return nullptr;
}

const Field* Mapping::at(const Pointer& around, std::string_view key, bool in_task) const noexcept {
  const auto& outer = around.tokens();
  for (const Field* field : in_task ? task_fields_ : file_fields_) {
    const auto& own = field->pointer.tokens();
    if (own.size() == outer.size() + 1 && own.back() == key && std::equal(outer.begin(), outer.end(), own.begin()) &&
        field->has_own_value())
      return field;
  }
  return nullptr;
}

const Field* Mapping::at_or_around(Pointer pointer, bool in_task) const {
  for (; !pointer.is_root(); pointer = pointer.parent())
    if (const Field* field = at(pointer, in_task)) return field;
  return nullptr;
}

const Field* Mapping::override_log_of(const Field& file) const noexcept {
  for (const LockOverride& entry : overrides)
    if (entry.file == &file) return entry.log;
  return nullptr;
}

const Field* Mapping::task_field(std::string_view path) const noexcept { return field_below(*collection, path); }

const Field* Mapping::file_field(std::string_view path) const noexcept {
  const std::size_t slash = path.find('/');
  const Field* row = top(path.substr(0, slash));
  if (row == nullptr || row == collection) return nullptr;
  if (slash != std::string_view::npos) return field_below(*row, path.substr(slash + 1));
  return holds_a_value(row) ? row : nullptr;
}

void Mapping::index() {
  collect(tree, {}, file_fields_, task_fields_);
  const auto view =
      std::ranges::find_if(task_fields_, [](const Field* field) { return field->type == FieldType::view; });
  if (view != task_fields_.end()) view_of_task_ = *view;
}

std::string_view name_of(FieldType type) noexcept {
  switch (type) {
    case FieldType::string:
      return "string";
    case FieldType::text:
      return "text";
    case FieldType::integer:
      return "integer";
    case FieldType::boolean:
      return "boolean";
    case FieldType::enumeration:
      return "enum";
    case FieldType::hash:
      return "hash";
    case FieldType::string_list:
      return "string_list";
    case FieldType::log:
      return "log";
    case FieldType::document:
      return "document";
    case FieldType::view:
      return "view";
    case FieldType::patch:
      return "patch";
    case FieldType::group:
      return "group";
    case FieldType::collection:
      return "collection";
    case FieldType::board:
      return "board";
    case FieldType::events:
      return "events";
    case FieldType::page:
      return "page";
  }
  return "unknown";
}

std::string_view name_of(Access access) noexcept {
  switch (access) {
    case Access::read_only:
      return "read-only";
    case Access::read_write:
      return "read-write";
    case Access::append_only:
      return "append-only";
    case Access::patch:
      return "patch";
  }
  return "unknown";
}

}  // namespace statusfs
