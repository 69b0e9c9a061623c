#include "mapping/render/page_content.hpp"

#include <algorithm>
#include <cctype>

#include "mapping/document/text.hpp"
#include "mapping/render/plain_text.hpp"

namespace statusfs {
namespace {

std::string text_of(const Value* value) {
  if (!value || value->is_null()) return {};
  return plain_line(value->is_string() ? std::string(value->as_string()) : compact(*value));
}

std::string text_of(const Field& field, const Value* value) {
  return !value && field.absent ? plain_line(*field.absent) : text_of(value);
}

std::optional<std::int64_t> integer_of(const Value* value) {
  return value && value->is_integer() ? std::optional(value->as_integer()) : std::nullopt;
}

// A file may hold anything; a picture of it stays within its frame.
std::optional<std::int64_t> percentage_of(const Value* value) {
  const auto number = integer_of(value);
  return number ? std::optional(std::clamp<std::int64_t>(*number, 0, 100)) : std::nullopt;
}

class ContentBuilder {
 public:
  explicit ContentBuilder(const StatusDocument& document)
      : document_(document), overview_(*document.mapping().overview) {}

  PageContent build() {
    content_.title = text_of(document_.value_of(*overview_.title));
    if (overview_.total) content_.total = percentage_of(document_.value_of(*overview_.total));
    add_labels();
    add_facts();
    add_groups();
    for (std::size_t position = 0; position < document_.task_count(); ++position) add_task(position);
    sort_groups();
    add_blockers();
    add_milestones();
    return std::move(content_);
  }

 private:
  void add_labels() {
    changed_ = document_.mapping().stamped(Stamp::g, true);
    content_.tasks_label = label_of(*document_.mapping().collection);
    content_.by_label = label_of(*overview_.by);
    if (overview_.milestones) content_.milestones_label = label_of(*overview_.milestones);
    content_.progress_label = overview_.progress ? label_of(*overview_.progress) : std::string();
    content_.changed_label = changed_ ? label_of(*changed_) : std::string();
    for (const Field* column : overview_.columns) content_.column_labels.push_back(label_of(*column));
  }

  void add_facts() {
    for (const Field* fact : overview_.facts) {
      std::string text = text_of(*fact, document_.value_of(*fact));
      if (!text.empty()) content_.facts.push_back({label_of(*fact), std::move(text)});
    }
  }

  void add_groups() {
    for (const std::string& value : overview_.by->enumeration->values) {
      const auto tone = overview_.tones.find(value);
      content_.groups.push_back({value, tone == overview_.tones.end() ? Tone::neutral : tone->second, {}});
    }
  }

  std::size_t group_of(const std::string& value) {
    const auto& values = overview_.by->enumeration->values;
    const auto found = std::ranges::find(values, value);
    const std::size_t position = static_cast<std::size_t>(found - values.begin());
    if (position == content_.groups.size()) content_.groups.push_back({"other", Tone::attention, {}});
    return position;
  }

  void add_task(std::size_t position) {
    PageContent::Task task;
    task.name = plain_line(document_.task_id(position));
    const Value* value = document_.value_of(*overview_.by, position);
    task.value = text_of(*overview_.by, value);
    task.group = group_of(task.value);
    if (overview_.progress) task.percentage = percentage_of(document_.value_of(*overview_.progress, position));
    if (changed_) task.changed = integer_of(document_.value_of(*changed_, position)).value_or(0);
    for (const Field* column : overview_.columns)
      task.columns.push_back(text_of(*column, document_.value_of(*column, position)));
    content_.groups[task.group].tasks.push_back(position);
    content_.tasks.push_back(std::move(task));
  }

  void sort_groups() {
    for (PageContent::Group& group : content_.groups)
      std::ranges::stable_sort(group.tasks, [&](std::size_t left, std::size_t right) {
        return content_.tasks[left].changed > content_.tasks[right].changed;
      });
  }

  void add_blockers() {
    const Value* list = overview_.blockers ? document_.value_of(*overview_.blockers) : nullptr;
    if (!list || !list->is_array()) return;
    for (std::size_t position = 0; position < list->size(); ++position)
      content_.blockers.push_back(text_of(&list->element(position)));
  }

  void add_milestones() {
    const Value* log = overview_.milestones ? document_.value_of(*overview_.milestones) : nullptr;
    if (!log || !log->is_array()) return;
    const LogEntry& shape = *overview_.milestones->entry;
    for (std::size_t position = 0; position < log->size(); ++position) {
      const Value& entry = log->element(position);
      PageContent::Milestone milestone;
      milestone.text = entry.is_object() ? text_of(entry.find(shape.main)) : text_of(&entry);
      for (const EntryMember& member : shape.members) {
        if (member.stamp == Stamp::g) milestone.g = integer_of(entry.find(member.key));
        if (member.references_tasks) milestone.task = text_of(entry.find(member.key));
      }
      content_.milestones.push_back(std::move(milestone));
    }
  }

  const StatusDocument& document_;
  const Overview& overview_;
  const Field* changed_ = nullptr;
  PageContent content_;
};

}  // namespace

PageContent page_content(const StatusDocument& document) { return ContentBuilder(document).build(); }

std::string label_of(const Field& field) {
  const bool is_in_group = field.parent && field.parent->type == FieldType::group && field.in_task;
  std::string label = is_in_group ? field.parent->name + " " + field.name : field.name;
  std::ranges::replace(label, '_', ' ');
  label[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(label[0])));
  return plain_line(label);
}

}  // namespace statusfs
