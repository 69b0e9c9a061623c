// What many tasks cost: writes that touch many of them grow with their number and not with its square.
#include <cstdlib>
#include <ctime>
#include <limits>

#include "mapping/chain/history_changes.hpp"
#include "mapping/rules/merge.hpp"
#include "tests/unit/chain/chain_writer.hpp"

namespace statusfs {
namespace {

using Kind = WriteRequest::Kind;

StatusDocument with_tasks(std::size_t count) {
  std::vector<Value> tasks;
  for (std::size_t number = 0; number < count; ++number)
    tasks.push_back(parse_json(sample_task_text("task_" + std::to_string(number))));
  return document_of(
      sample().with_value(Pointer::parse("/payload/tasks_status"), Value::array(std::move(tasks))).root());
}

/// Seconds of the processor that the action takes, the least of several times: others may need the machine, too.
template <typename Action>
double cost_of(const Action& action) {
  double least = std::numeric_limits<double>::infinity();
  for (int round = 0; round < 5; ++round) {
    const std::clock_t begin = std::clock();
    action();
    least = std::min(least, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  return least;
}

constexpr std::size_t few = 1000, many = 8000;
constexpr double leeway =
    5;  // caches are in it, too; the square of `many` would be 8 times as much as is in proportion

/// `prepare(count)` gives an action on a document of so many tasks. A slow build (see STATUSFS_SLOWNESS in
/// scripts/test) looks for errors of memory: once is enough for that.
template <typename Prepare>
void expect_proportional(const Prepare& prepare) {
  if (std::getenv("STATUSFS_SLOWNESS")) return prepare(many)();
  const double small = cost_of(prepare(few)), large = cost_of(prepare(many));
  EXPECT_LT(large, small * leeway * many / few) << small << " s for " << few << ", " << large << " s for " << many;
}

std::string patch_of_every(std::size_t count, std::size_t step, const std::string& operation, const std::string& rest) {
  std::string patch;
  for (std::size_t number = count; number-- > 0;)
    if (number % step == 0)
      patch += (patch.empty() ? "[" : ",") + (R"({"op":")" + operation) + R"(","path":"/payload/tasks_status/)" +
               std::to_string(number) + rest + "}";
  return patch + "]";
}

void expect_written(const StatusDocument& document, const std::string& patch, const Plan* plan = nullptr) {
  Chain chain(std::make_shared<const StatusDocument>(document), {});
  EXPECT_FALSE(chain.append(judged(document, {"patch", patch}, plan), stamp_of(9)).record.empty());
}

TEST(ManyTasksTest, ManyAreRemovedByOnePatch) {
  expect_proportional([](std::size_t count) {
    return [document = with_tasks(count), patch = patch_of_every(count, 2, "remove", "\"")] {
      expect_written(document, patch);
    };
  });
}

TEST(ManyTasksTest, TheHistoryNamesManyThatWereRemoved) {
  expect_proportional([](std::size_t count) {
    JournalRecord record;
    record.patch = parse_json(patch_of_every(count, 2, "remove", "\""));
    return [document = with_tasks(count), record, count] {
      const auto changes = changes_of(document.mapping(), document.root(), record);
      ASSERT_EQ(changes.size(), count / 2);
      EXPECT_EQ(changes.front().task, "task_" + std::to_string(count - 2));
      EXPECT_EQ(changes.back().task, "task_0");
    };
  });
}

TEST(ManyTasksTest, TheFirstIsRemovedOverAndOver) {
  expect_proportional([](std::size_t count) {
    const PatchOperation removal{PatchOperation::Kind::remove, Pointer::parse("/payload/tasks_status/0"), {}, {}};
    return [document = with_tasks(count), patch = std::vector(count / 2, removal)] {
      EXPECT_EQ(find(apply_json_patch(document.root(), patch), Pointer::parse("/payload/tasks_status"))->size(),
                document.task_count() - patch.size());
    };
  });
}

TEST(ManyTasksTest, ManyGetAnotherStatus) {
  expect_proportional([](std::size_t count) {
    return
        [document = with_tasks(count), patch = patch_of_every(count, 1, "replace", R"(/status","value":"BLOCKED")")] {
          expect_written(document, patch);
        };
  });
}

StatusDocument with_active_tasks(std::size_t count) {
  StatusDocument document = with_tasks(count);
  for (std::size_t position = 0; position < count; ++position)
    document = document.with_task(position, document.task(position).with_member("status", Value("ACTIVE")));
  return document;
}

TEST(ManyTasksTest, ManyBecomeDone) {
  expect_proportional([](std::size_t count) {
    return [document = with_active_tasks(count),
            patch = patch_of_every(count, 1, "replace", R"(/status","value":"DONE")")] {
      expect_written(document, patch);
    };
  });
}

TEST(ManyTasksTest, ManyThatAPlanKnows) {
  expect_proportional([](std::size_t count) {
    std::string tasks;
    for (std::size_t number = 0; number < count; ++number)
      tasks += (tasks.empty() ? "" : ",") + (R"({"task_id":"task_)" + std::to_string(number)) +
               R"(","max_retries":2,"dependencies":["task_0"]})";
    const auto plan = std::make_shared<const Plan>(
        parse_json(R"({"payload":{"execution_plan_id":"exec_plan_7","tasks":[)" + tasks + "]}}"));
    return [plan, document = with_tasks(count),
            patch = patch_of_every(count, 1, "add", R"(/execution_log/retry_attempts_log/-","value":{"note":"a"})")] {
      expect_written(document, patch, plan.get());
    };
  });
}

TEST(ManyTasksTest, ManyAreRemovedByTheOtherSideOfAMerge) {
  expect_proportional([](std::size_t count) {
    const StatusDocument base = with_tasks(count);
    const auto operations = decode_json_patch(parse_json(patch_of_every(count, 2, "remove", "\"")));
    const StatusDocument theirs = document_of(apply_json_patch(base.root(), operations));
    const auto changes =
        decode_json_patch(parse_json(patch_of_every(count, 1, "replace", R"(/percent_complete","value":5)")));
    const StatusDocument ours = document_of(apply_json_patch(base.root(), changes));
    return [base, ours, theirs, count] {
      EXPECT_EQ(merge(base, ours, theirs, std::nullopt).conflicts.size(), count / 2);
      EXPECT_EQ(document_of(merge(base, ours, theirs, Side::theirs).root).task_count(), count / 2);
      EXPECT_EQ(merge(base, theirs, ours, std::nullopt).conflicts.size(), count / 2);
    };
  });
}

// One removal costs what lies in the file's hash and index; verifying it is not verifying all tasks again.
TEST(ManyTasksTest, ARemovedTaskIsVerifiedByItself) {
  ChainWriter writer(with_tasks(many));
  for (int round = 0; round < 4; ++round) writer.write({"tasks/task_" + std::to_string(round), "", Kind::remove_task});
  Replay replay(default_mapping(), ReplayDepth::verified);
  const std::clock_t begin = std::clock();
  replay.apply(writer.journal().front());
  const std::clock_t whole = std::clock() - begin;
  std::clock_t least = std::numeric_limits<std::clock_t>::max();
  for (std::size_t line = 1; line < writer.journal().size(); ++line) {
    const std::clock_t before = std::clock();
    replay.apply(writer.journal()[line]);
    least = std::min(least, std::clock() - before);
  }
  EXPECT_LT(least * 3, whole) << "all of them are hashed again";
  EXPECT_EQ(indented_document(replay.root()), writer.text());
}

}  // namespace
}  // namespace statusfs
