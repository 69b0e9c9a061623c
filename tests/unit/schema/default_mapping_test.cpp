// The mapping that is compiled in, against the user's specification of the status file.
#include "mapping/schema/default_mapping.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

#include "mapping/document/parse.hpp"
#include "mapping/schema/mapping_loader.hpp"
#include "tests/unit/schema/test_files.hpp"

namespace statusfs {
namespace {

using testing::ElementsAre;

constexpr auto read_only = Access::read_only;
constexpr auto read_write = Access::read_write;
constexpr auto append_only = Access::append_only;

struct ExpectedRow {
  std::string path;  ///< of names in the tree; of a task's field, below the task
  std::string pointer;
  FieldType type;
  Access access;
  std::string writers;  ///< first letters of the archetypes
  bool nullable = false;
};

std::string initials(const std::vector<std::string>& archetypes) {
  std::string letters;
  for (const std::string& archetype : archetypes) letters += archetype.front();
  return letters;
}

void expect_rows(const std::vector<const Field*>& fields, const std::vector<ExpectedRow>& rows) {
  ASSERT_EQ(fields.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    SCOPED_TRACE(rows[i].path);
    EXPECT_EQ(fields[i]->path, rows[i].path);
    EXPECT_EQ(fields[i]->pointer.text(), rows[i].pointer);
    EXPECT_EQ(name_of(fields[i]->type), name_of(rows[i].type));
    EXPECT_EQ(name_of(fields[i]->access), name_of(rows[i].access));
    EXPECT_EQ(initials(fields[i]->writers), rows[i].writers);
    EXPECT_EQ(fields[i]->nullable, rows[i].nullable);
    EXPECT_FALSE(fields[i]->help.empty());
  }
}

TEST(DefaultMapping, HasTheFilesFields) {
  const std::string header = "/os_file_header";
  const std::string payload = "/payload";
  const std::string summary = payload + "/overall_status_summary";
  expect_rows(
      default_mapping()->file_fields(),
      {{"header", header, FieldType::group, read_only, ""},
       {"header/file_id", header + "/file_id", FieldType::string, read_only, ""},
       {"header/entity_type", header + "/entity_type", FieldType::string, read_only, ""},
       {"header/schema_definition_id_ref", header + "/schema_definition_id_ref", FieldType::string, read_only, ""},
       {"header/g_file_created", header + "/g_file_created", FieldType::integer, read_only, ""},
       {"header/g_file_last_modified", header + "/g_file_last_modified", FieldType::integer, read_only, ""},
       {"header/v_file_instance", header + "/v_file_instance", FieldType::integer, read_only, ""},
       {"execution_plan_id_ref", payload + "/execution_plan_id_ref", FieldType::string, read_only, ""},
       {"payload_hash_previous", payload + "/payload_hash_previous", FieldType::hash, read_only, "", true},
       {"payload_hash_current", payload + "/payload_hash_current", FieldType::hash, read_only, ""},
       {"g_last_update", payload + "/g_last_update", FieldType::integer, read_only, ""},
       {"last_mutation_trace_id", payload + "/last_mutation_trace_id", FieldType::string, read_only, "", true},
       {"partition_status", payload + "/partition_status", FieldType::enumeration, read_only, ""},
       {"summary", summary, FieldType::group, read_only, ""},
       {"summary/execution_status", summary + "/execution_status", FieldType::string, read_write, "SM", true},
       {"summary/validation_status", summary + "/validation_status", FieldType::string, read_write, "SM", true},
       {"summary/overall_completion_percentage", summary + "/overall_completion_percentage", FieldType::integer,
        read_only, ""},
       {"summary/active_blockers_summary", summary + "/active_blockers_summary", FieldType::string_list, read_write,
        "SMB"},
       {"achievements", payload + "/key_achievements_log", FieldType::log, append_only, "SMB"},
       {"tasks", payload + "/tasks_status", FieldType::collection, read_only, ""},
       {"by-status", "", FieldType::board, read_only, ""},
       {"events", "", FieldType::events, read_only, ""},
       {"status.md", "", FieldType::page, read_only, ""},
       {"board.svg", "", FieldType::page, read_only, ""},
       {"board.html", "", FieldType::page, read_only, ""},
       {"_tasks_status_list_immutable", payload + "/_tasks_status_list_immutable", FieldType::boolean, read_write, "S"},
       {"patch", "", FieldType::patch, Access::patch, ""},
       {"status.json", "", FieldType::view, read_only, ""}});
}

TEST(DefaultMapping, HasTheTasksFields) {
  expect_rows(
      default_mapping()->task_fields(),
      {{"task_id_ref", "/task_id_ref", FieldType::string, read_only, ""},
       {"status", "/status", FieldType::enumeration, read_write, "SMB"},
       {"percent_complete", "/percent_complete", FieldType::integer, read_write, "SMB"},
       {"g_last_update", "/g_last_update", FieldType::integer, read_only, ""},
       {"last_updated_by_persona_id", "/last_updated_by_persona_id", FieldType::string, read_only, "", true},
       {"last_updated_by_archetype", "/last_updated_by_archetype", FieldType::string, read_only, "", true},
       {"signature_hash", "/signature_hash", FieldType::hash, read_only, "", true},
       {"readiness_check", "/readiness_check", FieldType::group, read_only, ""},
       {"readiness_check/status", "/readiness_check/status", FieldType::enumeration, read_write, "SMB"},
       {"readiness_check/g_checked", "/readiness_check/g_checked", FieldType::integer, read_only, "", true},
       {"readiness_check/idempotency_key", "/readiness_check/idempotency_key", FieldType::string, read_write, "SMB",
        true},
       {"readiness_check/readiness_assessment_id_ref", "/readiness_check/readiness_assessment_id_ref",
        FieldType::string, read_write, "SMB", true},
       {"execution_log", "/execution_log", FieldType::group, read_only, ""},
       {"execution_log/failure_details", "/execution_log/failure_details", FieldType::text, read_write, "SMB", true},
       {"execution_log/retry_attempts_log", "/execution_log/retry_attempts_log", FieldType::log, append_only, "SMB"},
       {"execution_log/lock_override_log", "/execution_log/lock_override_log", FieldType::log, read_only, ""},
       {"latest_test_status", "/latest_test_status", FieldType::document, read_write, "SMB", true},
       {"override", "", FieldType::patch, Access::patch, ""},
       {"task.json", "", FieldType::view, Access::patch, ""}});
}

TEST(DefaultMapping, HasTheEnumsOfTheSeed) {
  const auto values = [](const char* pointer, bool in_task) {
    return default_mapping()->at(Pointer::parse(pointer), in_task)->enumeration->values;
  };
  EXPECT_THAT(values("/status", true), ElementsAre("PENDING", "ACTIVE", "BLOCKED", "DONE", "FAILED", "SKIPPED"));
  EXPECT_THAT(values("/readiness_check/status", true), ElementsAre("NOT_CHECKED", "PASSED", "FAILED"));
  EXPECT_THAT(values("/payload/partition_status", false), ElementsAre("CONSISTENT", "PARTITIONED", "RECONCILING"));
  EXPECT_EQ(default_mapping()->top("partition_status")->absent, "CONSISTENT");
}

bool may_hold(const Field& field, const Value& value) {
  if (value.is_null()) return field.nullable;
  switch (field.type) {
    case FieldType::integer:
      return value.is_integer() && value.as_integer() >= field.minimum && value.as_integer() <= field.maximum;
    case FieldType::boolean:
      return value.is_boolean();
    case FieldType::group:
    case FieldType::document:
      return value.is_object();
    case FieldType::string_list:
    case FieldType::log:
    case FieldType::collection:
      return value.is_array();
    default:
      return value.is_string();
  }
}

// Every key below `object` has a row that may hold its value.
void expect_rows_for(const Value& object, const Pointer& at, bool in_task, std::set<std::string>& seen) {
  for (const Member& member : object.members()) {
    const Pointer pointer = at.child(member.name());
    const Field* field = default_mapping()->at(pointer, in_task);
    if (field != nullptr) {
      EXPECT_TRUE(may_hold(*field, member.value)) << pointer.text();
      seen.insert((in_task ? "task" : "") + pointer.text());
    } else {
      EXPECT_EQ(pointer.text(), "/payload") << "no row for it";
    }
    if (field == nullptr || field->type == FieldType::group) expect_rows_for(member.value, pointer, in_task, seen);
  }
}

std::set<std::string> keys_of_the_seed() {
  const Value file = parse_json(text_of(test_data() / "seed_example.json"));
  std::set<std::string> seen;
  expect_rows_for(file, Pointer(), false, seen);
  const Value* tasks = find(file, default_mapping()->collection->pointer);
  for (std::size_t i = 0; i < tasks->size(); ++i) expect_rows_for(tasks->element(i), Pointer(), true, seen);
  return seen;
}

TEST(DefaultMapping, HasARowForEveryKeyOfTheSeedAndNoOther) {
  const std::set<std::string> seen = keys_of_the_seed();
  std::vector<std::string> missing;
  for (const auto* scope : {&default_mapping()->file_fields(), &default_mapping()->task_fields()}) {
    for (const Field* field : *scope) {
      const std::string pointer = (field->in_task ? "task" : "") + field->pointer.text();
      if (!field->pointer.is_root() && !seen.contains(pointer)) missing.push_back(pointer);
    }
  }
  // The seed's example leaves out what only its section 2.2 names.
  EXPECT_THAT(missing, ElementsAre("/payload/overall_status_summary/execution_status",
                                   "/payload/overall_status_summary/validation_status"));
}

TEST(DefaultMapping, HasAMemberForEveryKeyOfTheSeedsAchievement) {
  const Value file = parse_json(text_of(test_data() / "seed_example.json"));
  const Value& achievement = find(file, Pointer::parse("/payload/key_achievements_log"))->element(0);
  const LogEntry& entry = *default_mapping()->top("achievements")->entry;
  std::vector<std::string> keys, members;
  for (const Member& member : achievement.members()) keys.emplace_back(member.name());
  for (const EntryMember& member : entry.members) members.push_back(member.key);
  EXPECT_EQ(members, keys);
  EXPECT_EQ(entry.main, "achievement_summary");
}

TEST(DefaultMapping, FindsStamps) {
  const auto stamped = [](Stamp stamp, bool in_task) {
    const Field* field = default_mapping()->stamped(stamp, in_task);
    return field == nullptr ? "" : field->pointer.text();
  };
  EXPECT_EQ(stamped(Stamp::version, false), "/os_file_header/v_file_instance");
  EXPECT_EQ(stamped(Stamp::payload_hash_current, false), "/payload/payload_hash_current");
  EXPECT_EQ(stamped(Stamp::payload_hash_previous, false), "/payload/payload_hash_previous");
  EXPECT_EQ(stamped(Stamp::trace_id, false), "/payload/last_mutation_trace_id");
  EXPECT_EQ(stamped(Stamp::signature_hash, true), "/signature_hash");
  EXPECT_EQ(stamped(Stamp::g, true), "/g_last_update");
  EXPECT_EQ(stamped(Stamp::persona, true), "/last_updated_by_persona_id");
  EXPECT_EQ(stamped(Stamp::archetype, true), "/last_updated_by_archetype");
  EXPECT_EQ(stamped(Stamp::version, true), "");
}

TEST(DefaultMapping, FindsNoViewByItsPointer) {
  EXPECT_EQ(default_mapping()->at(Pointer(), false), nullptr);
  EXPECT_EQ(default_mapping()->at(Pointer(), true), nullptr);
  EXPECT_EQ(default_mapping()->at(Pointer::parse("/status"), false), nullptr);
}

TEST(DefaultMapping, FindsMembersByWhatTheyStandIn) {
  const Mapping& mapping = *default_mapping();
  const auto found = [&](const char* around, const char* key) {
    const Field* field = mapping.at(Pointer::parse(around), key, true);
    return field == nullptr ? "" : field->path;
  };
  EXPECT_EQ(found("", "status"), "status");
  EXPECT_EQ(found("/readiness_check", "status"), "readiness_check/status");
  EXPECT_EQ(found("/execution_log", "status"), "");
  EXPECT_EQ(found("", "g_checked"), "");
}

TEST(DefaultMapping, LocksWhatTheSeedLocks) {
  const Locks& locks = default_mapping()->locks;
  for (const char* lock :
       {"_locked_entry_definition", "_locked_object_definition", "_status_locked", "_tasks_status_list_immutable"}) {
    EXPECT_TRUE(locks.is_lock(lock)) << lock;
  }
  for (const char* key : {"status", "_locked", "_list_immutable", "_locked_entry", "tasks_status_list_immutable"}) {
    EXPECT_FALSE(locks.is_lock(key)) << key;
  }
}

TEST(DefaultMapping, GivesTheCollectionItsArchetypes) {
  const Mapping& mapping = *default_mapping();
  EXPECT_EQ(mapping.collection, mapping.top("tasks"));
  EXPECT_EQ(mapping.collection_id, "task_id_ref");
  EXPECT_THAT(mapping.creators, ElementsAre("SUPERVISOR", "MANAGER"));
  EXPECT_THAT(mapping.removers, ElementsAre("SUPERVISOR", "MANAGER"));
  EXPECT_THAT(mapping.unplanned_removers, ElementsAre("JANITOR"));
}

TEST(DefaultMapping, TellsAStaleCopyByItsHashesAndVersion) {
  const Mapping& mapping = *default_mapping();
  EXPECT_THAT(mapping.file_freshness, ElementsAre(Pointer::parse("/payload/payload_hash_current"),
                                                  Pointer::parse("/os_file_header/v_file_instance")));
  EXPECT_THAT(mapping.task_freshness, ElementsAre(Pointer::parse("/signature_hash")));
}

const Rule& rule(std::string_view name) {
  for (const Rule& candidate : default_mapping()->rules)
    if (candidate.name == name) return candidate;
  throw std::out_of_range("no rule " + std::string(name));
}

TEST(DefaultMapping, AllowsTheStepsOfATasksLifeAndNoOther) {
  std::set<std::string> steps;
  for (const TransitionRule::Step& step : rule("task-life").transition->steps) {
    steps.insert(step.from + " " + step.to + (step.archetypes.empty() ? "" : " " + initials(step.archetypes)));
  }
  EXPECT_EQ(steps, (std::set<std::string>{"PENDING ACTIVE", "PENDING BLOCKED", "PENDING SKIPPED", "ACTIVE DONE",
                                          "ACTIVE FAILED", "ACTIVE BLOCKED", "ACTIVE PENDING", "BLOCKED PENDING",
                                          "BLOCKED ACTIVE", "BLOCKED SKIPPED", "FAILED PENDING", "FAILED ACTIVE",
                                          "FAILED SKIPPED", "SKIPPED PENDING", "DONE PENDING SM"}));
}

TEST(DefaultMapping, HasTheOtherRulesOfATask) {
  const RequirementRule& readiness = *rule("active-needs-readiness").requirement;
  EXPECT_EQ(readiness.when.value, Value("ACTIVE"));
  EXPECT_EQ(readiness.field->pointer.text(), "/readiness_check/status");
  EXPECT_EQ(readiness.equals, Value("PASSED"));
  const RequirementRule& details = *rule("failed-needs-details").requirement;
  EXPECT_EQ(details.field->pointer.text(), "/execution_log/failure_details");
  EXPECT_EQ(details.equals, std::nullopt);
  const ImplicationRule& complete = *rule("done-is-complete").implication;
  EXPECT_EQ(complete.when.value, Value("DONE"));
  EXPECT_EQ(complete.then.field->pointer.text(), "/percent_complete");
  EXPECT_EQ(complete.then.value, Value(std::int64_t{100}));
  const ClearingRule& blockers = *rule("leaving-blocked-clears-blockers").clearing;
  EXPECT_EQ(blockers.when.value, Value("BLOCKED"));
  EXPECT_EQ(blockers.list->pointer.text(), "/payload/overall_status_summary/active_blockers_summary");
  for (const Rule& any : default_mapping()->rules) EXPECT_EQ(any.mode, RuleMode::enforce) << any.name;
}

TEST(DefaultMapping, IsTheTextOfItsFile) {
  EXPECT_EQ(default_mapping_text(), text_of(test_data() / "../../mapping/exec_status.v1.yaml"));
  EXPECT_EQ(default_mapping()->text, default_mapping_text());
  EXPECT_EQ(load_mapping(default_mapping()->text, "again")->text, default_mapping_text());
}

TEST(DefaultMapping, IsOneForAllThreads) {
  std::vector<std::shared_ptr<const Mapping>> seen(8);
  std::vector<std::thread> threads;
  for (auto& mapping : seen) threads.emplace_back([&mapping] { mapping = default_mapping(); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& mapping : seen) EXPECT_EQ(mapping, default_mapping());
}

}  // namespace
}  // namespace statusfs
