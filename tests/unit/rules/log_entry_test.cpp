#include "mapping/rules/log_entry.hpp"

#include "tests/unit/rules/judging.hpp"

namespace statusfs {
namespace {

const Field& achievements(const StatusDocument& document) { return *document.mapping().top("achievements"); }

std::string stamped(const Field& log, const std::string& entry) {
  const Author author = author_of("BUILDER");
  return compact(stamped_entry(log, parse_json(entry), {42, author}));
}

const std::string trace(32, 'a');

TEST(LogEntryTest, IsStampedAndCompleted) {
  const StatusDocument document = sample();
  EXPECT_EQ(stamped(achievements(document), R"({"achievement_summary": "done"})"),
            R"({"_locked_entry_definition":true,"g_event":42,"achievement_summary":"done","linked_task_id":null,)"
            R"("linked_artifact_id":null,"trace_id":")" +
                trace + R"("})");
}

TEST(LogEntryTest, WhatTheDriverStampsOverridesTheWriter) {
  const StatusDocument document = sample();
  EXPECT_EQ(stamped(achievements(document),
                    R"({"trace_id": "mine", "g_event": 1, "extra": [1], "_locked_entry_definition": false,
                        "linked_task_id": "one", "achievement_summary": "done", "more": null})"),
            R"({"_locked_entry_definition":true,"g_event":42,"achievement_summary":"done","linked_task_id":"one",)"
            R"("linked_artifact_id":null,"trace_id":")" +
                trace + R"(","extra":[1],"more":null})");
}

TEST(LogEntryTest, RetriesHaveTheirOwnMembers) {
  const auto mapping = default_mapping();
  const Field& retries = *mapping->collection->child("execution_log")->child("retry_attempts_log");
  EXPECT_EQ(stamped(retries, R"({"note": "again"})"), R"({"g":42,"note":"again","trace_id":")" + trace + R"("})");
  EXPECT_EQ(stamped(retries, R"({"attempt": 2})"), R"({"g":42,"trace_id":")" + trace + R"(","attempt":2})");
}

struct BadEntry {
  std::string entry;
  std::string part;
};

class BadEntryTest : public testing::TestWithParam<BadEntry> {};

TEST_P(BadEntryTest, IsRefused) {
  const StatusDocument document = sample();
  SCOPED_TRACE(GetParam().entry);
  expect_refused(Cause::invalid, {GetParam().part}, [&] {
    require_valid_entry([&](std::string_view id) { return document.find_task(id).has_value(); }, achievements(document),
                        parse_json(GetParam().entry));
  });
}

INSTANTIATE_TEST_SUITE_P(
    Entries, BadEntryTest,
    testing::Values(BadEntry{"3", "it takes JSON objects"}, BadEntry{"[]", "it takes JSON objects"},
                    BadEntry{"{}", "lacks achievement_summary"},
                    BadEntry{R"({"achievement_summary": 3})", "achievement_summary"},
                    BadEntry{R"({"achievement_summary": null})", "achievement_summary"},
                    BadEntry{R"({"achievement_summary": "a\nb"})", "one line"},
                    BadEntry{R"({"achievement_summary": "a", "linked_task_id": "gone"})", "there is no such task"},
                    BadEntry{R"({"achievement_summary": "a", "linked_task_id": 1})", "linked_task_id"},
                    BadEntry{R"({"achievement_summary": "a", "linked_artifact_id": {}})", "linked_artifact_id"},
                    BadEntry{R"({"achievement_summary": "a", "n": [9007199254740992]})", "cannot be written"}));

TEST(LogEntryTest, AMissingMemberIsToldByWhatItTakes) {
  const auto mapping = default_mapping();
  const Field& overrides = *mapping->collection->child("execution_log")->child("lock_override_log");
  const auto expect_lack = [&](const char* entry, const char* part) {
    expect_refused(Cause::invalid, {part},
                   [&] { require_valid_entry([](std::string_view) { return true; }, overrides, parse_json(entry)); });
  };
  expect_lack("{}", "lacks field, a string");
  expect_lack(R"({"field":"status"})", "lacks old_value, any value");
}

TEST(LogEntryTest, IntegersMayBeNegative) {
  const auto no_task = [](std::string_view) { return false; };
  Field log;
  log.name = "log";
  log.type = FieldType::log;
  log.entry.emplace();
  EntryMember member;
  member.key = "offset";
  member.type = FieldType::integer;
  log.entry->members.push_back(member);
  for (const char* entry : {R"({"offset":-1})", R"({"offset":0})", R"({"offset":-9007199254740991})"})
    EXPECT_NO_THROW(require_valid_entry(no_task, log, parse_json(entry))) << entry;
  for (const char* entry : {R"({"offset":-9007199254740992})", R"({"offset":-1.5})", R"({"offset":null})"})
    expect_refused(Cause::invalid, {}, [&] { require_valid_entry(no_task, log, parse_json(entry)); });
}

TEST(LogEntryTest, StampedMembersOfAnyTypeAndUnknownOnesAreFree) {
  const StatusDocument document = sample();
  for (const char* entry : {R"({"achievement_summary": "", "g_event": "x", "trace_id": 7})",
                            R"({"achievement_summary": "a", "linked_task_id": null, "what": {"ever": 1.5}})",
                            R"({"achievement_summary": "a", "linked_task_id": "two"})"})
    EXPECT_NO_THROW(require_valid_entry([&](std::string_view id) { return document.find_task(id).has_value(); },
                                        achievements(document), parse_json(entry)))
        << entry;
}

}  // namespace
}  // namespace statusfs
