#include "mapping/rules/merge.hpp"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "mapping/tree/change.hpp"

namespace statusfs {
namespace {

using Key = std::pair<std::string, Pointer>;

bool is_mergeable(const FieldChange& change) { return !change.field || change.field->access != Access::read_only; }

class Merge {
 public:
  Merge(const StatusDocument& base, const StatusDocument& ours, const StatusDocument& theirs,
        std::optional<Side> preferred)
      : base_(base),
        theirs_(theirs),
        preferred_(preferred),
        our_changes_(difference(base, ours.root(), Removal::is_removal)),
        their_changes_(difference(base, theirs.root(), Removal::is_removal)),
        merged_(ours) {
    for (const FieldChange& change : our_changes_.fields) {
      ours_by_key_.emplace(Key{change.task, change.pointer}, &change);
      if (is_mergeable(change)) changed_by_us_.insert(change.task);
    }
  }

  MergeResult run() {
    for (const FieldChange& change : their_changes_.fields)
      if (is_mergeable(change)) take(change);
    take_removals();
    for (const Value& task : their_changes_.added_tasks) take_task(task);
    for (const Value& task : restored_) merged_ = merged_.with_added_task(task);
    return {merged_.root(), std::move(conflicts_)};
  }

 private:
  bool prefers_theirs() const { return preferred_ == Side::theirs; }

  void add_conflict(std::string task, Pointer pointer, std::optional<Value> ours, std::optional<Value> theirs) {
    conflicts_.push_back({std::move(task), std::move(pointer), std::move(ours), std::move(theirs)});
  }

  void take(const FieldChange& theirs) {
    if (theirs.in_task() && !merged_.find_task(theirs.task)) return take_into_removed(theirs);
    const auto found = ours_by_key_.find({theirs.task, theirs.pointer});
    const FieldChange* ours = found == ours_by_key_.end() ? nullptr : found->second;
    if (theirs.is_append()) return append(theirs);
    if (theirs.field && theirs.field->type == FieldType::log)  // entries were changed or taken away: never taken over
      return add_conflict(theirs.task, theirs.pointer, value_or_nothing(theirs.task, theirs.pointer), theirs.after);
    if (ours && ours->after == theirs.after) return;
    if (ours) add_conflict(theirs.task, theirs.pointer, ours->after, theirs.after);
    if (!ours || prefers_theirs()) set(theirs.task, theirs.pointer, theirs.after);
  }

  // We removed the task in which they changed something.
  void take_into_removed(const FieldChange& theirs) {
    if (!told_removed_.insert(theirs.task).second) return;
    const Value& task = theirs_.task(*theirs_.find_task(theirs.task));
    add_conflict(theirs.task, Pointer(), std::nullopt, task);
    if (prefers_theirs()) restored_.push_back(task);
  }

  void append(const FieldChange& theirs) {
    const Value* list = value(theirs.task, theirs.pointer);
    const Value before = list && list->is_array() ? *list : Value::array();
    set(theirs.task, theirs.pointer, before.with_all_appended(theirs.appended));
  }

  void take_removals() {
    std::vector<std::size_t> removed;
    for (const std::string& id : their_changes_.removed_tasks) {
      const auto position = merged_.find_task(id);
      if (!position) continue;
      const bool is_changed = changed_by_us_.contains(id);
      if (is_changed) add_conflict(id, Pointer(), merged_.task(*position), std::nullopt);
      if (!is_changed || prefers_theirs()) removed.push_back(*position);
    }
    std::ranges::sort(removed);
    if (!removed.empty()) merged_ = merged_.without_tasks(removed);
  }

  void take_task(const Value& task) {
    const std::string id(task.find(base_.mapping().collection_id)->as_string());
    const auto position = merged_.find_task(id);
    if (!position) return void(merged_ = merged_.with_added_task(task));
    if (merged_.task(*position) == task) return;
    add_conflict(id, Pointer(), merged_.task(*position), task);
    for (const FieldChange& change : task_difference(merged_, id, task, Removal::is_removal).fields) {
      if (!is_mergeable(change)) continue;  // what the driver stamped stays ours
      if (change.field && change.field->type == FieldType::log)
        add_entries(id, change.pointer, find(task, change.pointer));
      else if (prefers_theirs())
        set(id, change.pointer, change.after);
    }
  }

  // Both began the log: entries that they have and we have not come behind ours.
  void add_entries(const std::string& task, const Pointer& log, const Value* theirs) {
    if (!theirs || !theirs->is_array()) return;
    const Value* ours = value(task, log);
    Value longer = ours && ours->is_array() ? *ours : Value::array();
    std::vector<bool> is_matched(longer.size());
    for (std::size_t position = 0; position < theirs->size(); ++position) {
      std::size_t same = 0;
      while (same < is_matched.size() && (is_matched[same] || !(longer.element(same) == theirs->element(position))))
        ++same;
      if (same < is_matched.size())
        is_matched[same] = true;
      else
        longer = longer.with_appended(theirs->element(position));
    }
    set(task, log, longer);
  }

  const Value* value(const std::string& task, const Pointer& pointer) const {
    return find(*merged_.scope(task), pointer);
  }

  std::optional<Value> value_or_nothing(const std::string& task, const Pointer& pointer) const {
    const Value* found = value(task, pointer);
    return found ? std::optional(*found) : std::nullopt;
  }

  void set(const std::string& task, const Pointer& pointer, std::optional<Value> after) {
    if (task.empty()) return void(merged_ = merged_.with_value(pointer, std::move(after)));
    const std::size_t position = *merged_.find_task(task);
    merged_ = merged_.with_task(position, with_value_at(merged_.task(position), pointer, std::move(after)));
  }

  const StatusDocument& base_;
  const StatusDocument& theirs_;
  const std::optional<Side> preferred_;
  const ChangeSet our_changes_;
  const ChangeSet their_changes_;
  std::map<Key, const FieldChange*> ours_by_key_;
  std::unordered_set<std::string> changed_by_us_;  // tasks in which we changed what can be merged
  std::unordered_set<std::string> told_removed_;   // tasks that we removed, of which a conflict is listed
  StatusDocument merged_;
  std::vector<Value> restored_;  // tasks that we removed and that come back with their changes
  std::vector<MergeConflict> conflicts_;
};

}  // namespace

MergeResult merge(const StatusDocument& base, const StatusDocument& ours, const StatusDocument& theirs,
                  std::optional<Side> preferred) {
  return Merge(base, ours, theirs, preferred).run();
}

}  // namespace statusfs
