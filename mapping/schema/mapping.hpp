// The mapping: how a status file becomes a tree and what may be written to it, as data.
//
// The language of mapping/exec_status.v1.yaml is described in mapping/schema/README.md; the loader checks a mapping
// completely, so that whoever holds a Mapping may rely on every promise made here.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/document/pointer.hpp"
#include "mapping/document/value.hpp"

namespace statusfs {

enum class FieldType {
  string,       ///< one line of text
  text,         ///< text of any number of lines
  integer,      ///< within minimum..maximum
  boolean,      ///< true or false
  enumeration,  ///< one of the values of an enum
  hash,         ///< "sha256:" and 64 hex digits
  string_list,  ///< one string a line
  log,          ///< append-only or read-only list of objects, one a line
  document,     ///< a JSON object, or null
  view,         ///< the whole scope (task or file) as JSON text
  patch,        ///< takes patches of the whole scope, reads as empty
  group,        ///< a directory of fields
  collection,   ///< a directory of objects, each with fields; one a mapping
  board,        ///< a directory of the collection's objects by the value of one of their enums
  events,       ///< the mutations of the file as they happen, one JSON object a line
  page,         ///< the whole file for people to look at, rendered
};

enum class PageFormat { markdown, svg, html };

enum class Access { read_only, read_write, append_only, patch };

/// What the driver writes into a field with every mutation that touches the field's scope.
enum class Stamp {
  none,
  version,
  g,
  persona,
  archetype,
  trace_id,
  signature_hash,
  payload_hash_previous,
  payload_hash_current,
};

/// A named list of the values that a field accepts.
struct Enumeration {
  std::string name;
  std::vector<std::string> values;
  bool contains(std::string_view value) const noexcept;
};

/// One member that the entries of a log have in common.
struct EntryMember {
  std::string key;
  FieldType type = FieldType::string;
  bool takes_any = false;        ///< of no type: any JSON value
  Stamp stamp = Stamp::none;     ///< overwrites what the writer gave
  std::optional<Value> always;   ///< overwrites what the writer gave
  std::optional<Value> initial;  ///< where the writer gave none
  bool nullable = false;
  bool required = false;
  bool references_tasks = false;  ///< null, or the id of a task that exists
};

struct LogEntry {
  std::string main;  ///< the member that a line of plain text becomes
  std::vector<EntryMember> members;
};

/// A percentage: floor(100 * tasks whose `field` is `equals` / tasks), 0 without tasks.
struct Derivation {
  std::string field;  ///< a direct member of a task
  std::string equals;
};

/// What a plan says of itself as a whole; null while it is open.
enum class PlanMember { final_execution_status, final_validation_status };

/// "Writing field `trigger` beside this one stamps this one."
struct StampWith {
  std::string trigger;  ///< key of the field in the same group
  Stamp stamp = Stamp::none;
};

struct Field {
  std::string name;  ///< in the tree
  std::string path;  ///< in the tree, from the directory of its scope: the status file's, or the task's
  Pointer pointer;   ///< from the scope: the file's root, or the task
  FieldType type = FieldType::string;
  Access access = Access::read_write;
  bool nullable = false;
  bool hidden = false;                     ///< has rules and a type, but no file in the tree
  bool or_document = false;                ///< text that may also be a JSON object
  bool repeats_group = false;              ///< a merge patch that repeats the value repeats its whole group: no change
  bool names_plan = false;                 ///< ends in _<g>, the number in the file's name
  std::optional<PlanMember> mirrors_plan;  ///< holds what the plan says here, once the plan says anything
  std::int64_t minimum = -largest_exact_integer;
  std::int64_t maximum = largest_exact_integer;
  const Enumeration* enumeration = nullptr;  ///< of type enumeration; owned by the Mapping
  Stamp stamp = Stamp::none;
  std::optional<StampWith> stamp_with;
  std::optional<Derivation> derived;
  std::optional<Value> initial;                   ///< in a new file or task; or a placeholder of README.md, like {g}
  std::optional<std::string> absent;              ///< how the field reads where its key is absent
  std::optional<LogEntry> entry;                  ///< of logs that can be appended to
  std::vector<std::string> writers;               ///< archetypes that may write; empty where nobody writes
  std::string board_by;                           ///< of a board: key of the enum in the task
  PageFormat page_format = PageFormat::markdown;  ///< of a page
  std::string help;
  std::vector<std::unique_ptr<Field>> children;  ///< of a group or collection, in the tree's order
  const Field* parent = nullptr;                 ///< the group or collection around it; nullptr at the top
  bool in_task = false;                          ///< the pointer's scope is a task

  const Field* child(std::string_view child_name) const noexcept;
  const std::string& key() const { return pointer.last(); }  ///< precondition: the pointer is not the root
  bool is_directory() const noexcept {
    return type == FieldType::group || type == FieldType::collection || type == FieldType::board;
  }
  /// Whether a value of the document belongs to the row alone; views, patches, boards, events and pages show what other
  /// rows hold.
  bool has_own_value() const noexcept;
  bool may_be_written_by(std::string_view archetype) const noexcept;
  /// Whether the value comes from the driver alone, with a mutation or from the tasks. Such fields are read-only.
  bool is_made_by_driver() const noexcept { return stamp != Stamp::none || stamp_with || derived; }
};

struct Locks {
  std::vector<std::string> object;  ///< members that lock the object they stand in
  std::string field_prefix, field_suffix;
  std::string list_prefix, list_suffix;
  /// Whether `key` is a lock of any of the three forms.
  bool is_lock(std::string_view key) const noexcept;
};

enum class RuleMode { enforce, warn, off };

/// A condition on one field of a task, by its path below the task.
struct FieldCondition {
  const Field* field = nullptr;
  Value value;
};

/// "While `when` holds, `then` holds": the driver sets `then` as `when` comes to hold, and refuses to break it.
struct ImplicationRule {
  FieldCondition when, then;
};

/// The values that a field may take next, from each value.
struct TransitionRule {
  struct Step {
    std::string from, to;
    std::vector<std::string> archetypes;  ///< empty: whoever may write the field
  };
  const Field* field = nullptr;
  std::vector<Step> steps;
};

/// "When `when` comes to hold, `field` must be `equals`, or, without that, not be null or empty."
struct RequirementRule {
  FieldCondition when;
  const Field* field = nullptr;
  std::optional<Value> equals;
};

/// "When `when` ceases to hold, the lines of `list` that name the task as a whole word are removed."
struct ClearingRule {
  FieldCondition when;
  const Field* list = nullptr;
};

/// "When `when` comes to hold, `finished` must hold for every task on which the plan makes this one depend."
struct DependencyRule {
  FieldCondition when;
  const Field* field = nullptr;
  std::vector<Value> finished;  ///< any of these
};

/// "The log takes as many entries as the plan allows the task retries."
struct RetryRule {
  const Field* log = nullptr;
};

struct Rule {
  std::string name;
  RuleMode mode = RuleMode::enforce;
  std::optional<ImplicationRule> implication;
  std::optional<TransitionRule> transition;
  std::optional<RequirementRule> requirement;
  std::optional<ClearingRule> clearing;
  std::optional<DependencyRule> dependency;
  std::optional<RetryRule> retries;
};

/// A file of a task that takes overrides of locks, and the log of the task that records them.
struct LockOverride {
  const Field* file = nullptr;
  const Field* log = nullptr;
};

/// How a value stands out in a picture; the renderers give each tone a colour.
enum class Tone { neutral, active, good, attention, bad };

/// What the pages show: which rows are of interest to somebody who looks. Rows that may be nullptr are left out then.
struct Overview {
  const Field* title = nullptr;  ///< one line of the file; never nullptr
  const Field* by = nullptr;     ///< the enum, a direct member of a task, that groups the tasks; never nullptr
  std::map<std::string, Tone, std::less<>> tones;  ///< by value of `by`; neutral where there is none
  const Field* progress = nullptr;                 ///< percentage of a task
  const Field* total = nullptr;                    ///< percentage of the file
  const Field* blockers = nullptr;                 ///< string_list of the file
  const Field* milestones = nullptr;               ///< log of the file, with an entry
  std::vector<const Field*> facts;                 ///< more of the file, one line each
  std::vector<const Field*> columns;               ///< more of each task, one line each
};

class Mapping {
 public:
  std::string schema;  ///< schema_definition_id_ref that the mapping describes
  std::string entity_type;
  std::vector<std::unique_ptr<Enumeration>> enumerations;
  std::vector<std::string> archetypes;
  Locks locks;
  std::vector<Pointer> file_freshness, task_freshness;
  std::vector<std::unique_ptr<Field>> tree;  ///< the rows at the top, in the tree's order
  const Field* collection = nullptr;         ///< the row of the tasks; never nullptr
  std::string collection_id;                 ///< key of a task's id
  /// The group at the top with the version's stamp, an object of the root; never nullptr.
  const Field* header = nullptr;
  std::vector<std::string> creators, removers, unplanned_removers;  ///< archetypes
  std::vector<Rule> rules;
  std::vector<LockOverride> overrides;
  std::optional<Overview> overview;  ///< there where a row is of type page
  std::string text;                  ///< the YAML it was read from

  /// The archetype above all rules: it changes and overrides locks. The first one.
  const std::string& authority() const noexcept { return archetypes.front(); }
  const Field* top(std::string_view name) const noexcept;
  /// The only field of the file's scope (or of a task) that carries the stamp; nullptr when there is none.
  const Field* stamped(Stamp stamp, bool in_task) const noexcept;
  /// All fields, groups and views included, each scope's in the tree's order.
  const std::vector<const Field*>& file_fields() const noexcept { return file_fields_; }
  const std::vector<const Field*>& task_fields() const noexcept { return task_fields_; }
  /// The field whose value lies at exactly this pointer of the scope (views and patches excluded), or nullptr.
  const Field* at(const Pointer& pointer, bool in_task) const noexcept;
  /// The same of the member `key` of what lies at `around`.
  const Field* at(const Pointer& around, std::string_view key, bool in_task) const noexcept;
  /// The innermost field whose value lies at the pointer or around it, or nullptr.
  const Field* at_or_around(Pointer pointer, bool in_task) const;
  /// The view of a whole task, which shows every change of it; nullptr where there is none.
  const Field* view_of_task() const noexcept { return view_of_task_; }

  /// The log of the overrides that are written to this file; nullptr where it takes none.
  const Field* override_log_of(const Field& file) const noexcept;
  /// The field that lies at this path below a task's directory, as in the tree; nullptr for directories and nothing.
  const Field* task_field(std::string_view path) const noexcept;
  /// The same below a status file's directory, outside of the tasks.
  const Field* file_field(std::string_view path) const noexcept;

  /// To be called once by the loader when all rows are there.
  void index();

 private:
  std::vector<const Field*> file_fields_, task_fields_;
  const Field* view_of_task_ = nullptr;
};

std::string_view name_of(FieldType type) noexcept;
std::string_view name_of(Access access) noexcept;

}  // namespace statusfs
