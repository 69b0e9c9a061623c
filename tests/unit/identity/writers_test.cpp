#include "fs/identity/writers.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <thread>

#include "fs/identity/config.hpp"

namespace statusfs {
namespace {

using Match = WriterRow::Match;

constexpr uid_t unknown_uid = 3'999'999'999;
const std::string known_trace_id = "0af7651916cd43dd8448eb211c80319c";

Caller caller(uid_t uid, gid_t gid = 50, std::vector<gid_t> groups = {}) {
  return {uid, gid, 1230, 1200, std::move(groups)};
}

Labels persona_label(std::string persona) { return {std::move(persona), std::nullopt}; }

Writers table() {
  return Writers({{Match::user, 10, "FIRST", "BUILDER"},
                  {Match::user, 10, "UNREACHABLE", "SUPERVISOR"},
                  {Match::group, 100, "OF_GROUP", "MANAGER"},
                  {Match::user, 11, std::nullopt, "JANITOR"},
                  {Match::group, 101, std::nullopt, "SUPERVISOR"},
                  {Match::group, unknown_uid - 1, "A_UID_IS_NO_GID", "SUPERVISOR"}},
                 "AUDITOR");
}

TEST(Writers, TakeTheFirstRowThatMatches) {
  struct Case {
    Caller caller;
    std::string persona, archetype;
  };
  const std::string nobody = std::to_string(unknown_uid);
  const Case cases[] = {
      {caller(10), "FIRST", "BUILDER"},
      {caller(10, 100), "FIRST", "BUILDER"},
      {caller(11, 100), "OF_GROUP", "MANAGER"},
      {caller(11, 50, {7, 100}), "OF_GROUP", "MANAGER"},
      {caller(unknown_uid, 100), "OF_GROUP", "MANAGER"},
      {caller(unknown_uid, 50, {101, 100}), "OF_GROUP", "MANAGER"},
      {caller(unknown_uid, 101), nobody, "SUPERVISOR"},
      {caller(unknown_uid, 50, {1, 2, 101}), nobody, "SUPERVISOR"},
      {caller(unknown_uid, 50, {1, 2, 3}), nobody, "AUDITOR"},
      {caller(unknown_uid - 1, 50, {}), std::to_string(unknown_uid - 1), "AUDITOR"},
      {caller(unknown_uid, 10, {10, 11}), nobody, "AUDITOR"},  // nor a gid a uid
  };
  const Writers writers = table();
  for (const Case& c : cases) {
    const Author author = writers.author_of(c.caller, {});
    EXPECT_EQ(author.archetype, c.archetype);
    EXPECT_EQ(author.uid, c.caller.uid);
    EXPECT_EQ(author.pid, 1230);
    EXPECT_EQ(author.persona, c.persona);
  }
}

TEST(Writers, SayWhetherTheyNeedGroups) {
  EXPECT_TRUE(table().needs_groups());
  EXPECT_FALSE(Writers({{Match::user, 10, "FIRST", "BUILDER"}}, "AUDITOR").needs_groups());
  EXPECT_FALSE(Writers({}, "AUDITOR").needs_groups());
}

TEST(Writers, TakeTheLabelOnlyWhereTheRowNamesNoPersona) {
  const Writers writers = table();
  const Labels labels = persona_label("Otto");
  EXPECT_EQ(writers.author_of(caller(10), labels).persona, "FIRST");
  EXPECT_EQ(writers.author_of(caller(unknown_uid, 100), labels).persona, "OF_GROUP");
  EXPECT_EQ(writers.author_of(caller(unknown_uid, 101), labels).persona, "Otto");
  EXPECT_EQ(writers.author_of(caller(unknown_uid), labels).persona, "Otto");
  EXPECT_EQ(writers.author_of(caller(unknown_uid), labels).archetype, "AUDITOR");
}

TEST(Writers, IgnoreALabelThatIsNoPersona) {
  const Writers writers = table();
  for (const std::string& text : {std::string(), std::string("a\nb"), std::string("\xff"), std::string(129, 'x')}) {
    EXPECT_EQ(writers.author_of(caller(0), persona_label(text)).persona, "root") << text;
  }
}

TEST(Writers, FallBackToTheNameOfTheUserAndThenToItsNumber) {
  const Writers writers({}, "AUDITOR");
  EXPECT_EQ(writers.author_of(caller(0), {}).persona, "root");
  EXPECT_EQ(writers.author_of(caller(0), {}).persona, "root");
  EXPECT_EQ(writers.author_of(caller(unknown_uid), {}).persona, "3999999999");
}

TEST(Writers, TakeTheTraceIdOfAValidTraceParentAndElseANewOne) {
  const Writers writers({}, "AUDITOR");
  const Labels valid{std::nullopt, "00-" + known_trace_id + "-b7ad6b7169203331-01"};
  const Labels invalid{std::nullopt, "00-" + known_trace_id + "-b7ad6b7169203331"};
  EXPECT_EQ(writers.author_of(caller(0), valid).trace_id, known_trace_id);
  const std::string first = writers.author_of(caller(0), invalid).trace_id;
  const std::string second = writers.author_of(caller(0), {}).trace_id;
  EXPECT_EQ(first.size(), 32u);
  EXPECT_NE(first, known_trace_id);
  EXPECT_NE(first, second);
}

TEST(Writers, ServeManyThreadsAndSurviveBeingSwapped) {
  // Not std::atomic<std::shared_ptr>: libstdc++ 12 unlocks it without release order when it is loaded.
  std::mutex mutex;
  std::shared_ptr<const Writers> current = default_config("SUPERVISOR", 0).writers;
  const auto load = [&] {
    const std::lock_guard lock(mutex);
    return current;
  };
  std::vector<std::thread> threads;
  for (uid_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&load, thread] {
      for (uid_t i = 0; i < 300; ++i) {
        const std::shared_ptr<const Writers> writers = load();
        EXPECT_FALSE(writers->author_of(caller(unknown_uid - (thread + i) % 50), {}).persona.empty());
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    std::shared_ptr<const Writers> next = default_config("SUPERVISOR", 0).writers;
    const std::lock_guard lock(mutex);
    current.swap(next);
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace statusfs
