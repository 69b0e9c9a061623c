// Many writers at once: every acknowledged write is in the journal exactly once, and the chain stays good.
#include <unistd.h>

#include <set>
#include <thread>

#include "tests/mount/load.hpp"

namespace statusfs::test {
namespace {

constexpr int task_count = 8;
constexpr int writer_count = 32;

class ConcurrentWritersTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    std::vector<std::string> ids;
    for (int number = 0; number < task_count; ++number) ids.push_back("task_" + std::to_string(number));
    make_status_file(125, ids);
    mount();
  }

  static std::string pointer(int task_number, const std::string& field) {
    return "/payload/tasks_status/" + std::to_string(task_number) + "/" + field;
  }

  // Writes this writer's values, each its own, to the fields in turn; notes which were acknowledged.
  std::vector<WriteAttempt> write_values(int writer, const std::vector<std::string>& fields, int count) const {
    std::vector<WriteAttempt> attempts;
    const std::string directory = "tasks/task_" + std::to_string(writer % task_count) + "/";
    for (int number = 0; number < count; ++number) {
      const std::string value = "writer-" + std::to_string(writer) + "-" + std::to_string(number);
      const std::string& field = fields[static_cast<std::size_t>(number) % fields.size()];
      attempts.push_back({value, write(directory + field, value + "\n") == 0});
    }
    return attempts;
  }

  std::vector<WriteAttempt> write_percentages(int writer, int count) const {
    std::vector<WriteAttempt> attempts;
    const std::string file = "tasks/task_" + std::to_string(writer % task_count) + "/percent_complete";
    for (int number = 0; number < count; ++number) {
      const std::string value = std::to_string(1 + number % 99);
      attempts.push_back({value, write(file, value + "\n") == 0});
    }
    return attempts;
  }

  static void expect_all_acknowledged(const std::vector<std::vector<WriteAttempt>>& all) {
    for (const auto& attempts : all) {
      for (const WriteAttempt& attempt : attempts) ASSERT_TRUE(attempt.acknowledged) << attempt.value;
    }
  }
};

const std::vector<std::string> text_fields = {"execution_log/failure_details", "readiness_check/idempotency_key",
                                              "readiness_check/readiness_assessment_id_ref"};

TEST_F(ConcurrentWritersTest, EveryAcknowledgedWriteIsInTheJournalExactlyOnce) {
  const int writes_each = 45 * load_factor();
  std::vector<std::vector<WriteAttempt>> attempts(writer_count);
  std::vector<std::thread> writers;
  for (int writer = 0; writer < writer_count; ++writer) {
    // A quarter of the writers has a field alone; the others meet on the three text fields of their task.
    writers.emplace_back([&, writer] {
      attempts[static_cast<std::size_t>(writer)] =
          writer < task_count ? write_percentages(writer, writes_each) : write_values(writer, text_fields, writes_each);
    });
  }
  for (std::thread& writer : writers) writer.join();
  expect_all_acknowledged(attempts);
  EXPECT_EQ(1 + writer_count * writes_each, version());
  unmount();
  expect_verified();

  std::vector<std::string> pointers;
  for (int number = 0; number < task_count; ++number) {
    pointers.push_back(pointer(number, "percent_complete"));
    for (const std::string& field : text_fields) pointers.push_back(pointer(number, field));
  }
  std::map<std::string, std::vector<std::string>> by_writer;
  for (const Change& change : checked_changes(status_file(), pointers)) {
    if (change.version == 1) continue;
    const std::string value = change.value.is_string() ? change.value.get<std::string>() : change.value.dump();
    const bool is_text = change.value.is_string();
    const std::string whose = is_text ? value.substr(0, value.rfind('-')) : change.pointer;
    by_writer[whose].push_back(value);
  }
  for (int writer = 0; writer < writer_count; ++writer) {
    const std::string whose =
        writer < task_count ? pointer(writer, "percent_complete") : "writer-" + std::to_string(writer);
    expect_attempts(attempts[static_cast<std::size_t>(writer)], by_writer[whose], whose);
  }
  EXPECT_EQ(static_cast<std::size_t>(writer_count), by_writer.size());
}

TEST_F(ConcurrentWritersTest, AppendsOfManyWritersAreAllThereOnce) {
  const int appends_each = 10 * load_factor();
  std::vector<std::thread> writers;
  std::vector<int> failures(writer_count, 0);
  for (int writer = 0; writer < writer_count; ++writer) {
    writers.emplace_back([&, writer] {
      for (int number = 0; number < appends_each; ++number) {
        const std::string line = "entry-" + std::to_string(writer) + "-" + std::to_string(number) + "\n";
        failures[static_cast<std::size_t>(writer)] += append("achievements", line) != 0;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(std::vector<int>(writer_count, 0), failures);
  std::multiset<std::string> found;
  const Json document = document_on_disk();
  for (const Json& entry : document["payload"]["key_achievements_log"]) found.insert(entry["achievement_summary"]);
  EXPECT_EQ(static_cast<std::size_t>(writer_count * appends_each), found.size());
  for (int writer = 0; writer < writer_count; ++writer) {
    for (int number = 0; number < appends_each; ++number) {
      EXPECT_EQ(1u, found.count("entry-" + std::to_string(writer) + "-" + std::to_string(number)));
    }
  }
  unmount();
  expect_verified();
}

TEST_F(ConcurrentWritersTest, CompareAndSwapLosesNoIncrement) {
  // Eight add to one counter by read, test and replace: every success must count.
  constexpr int adders = 8;
  constexpr int increments = 5;
  ASSERT_EQ(0, write("tasks/task_0/percent_complete", "0\n"));
  std::vector<std::thread> threads;
  for (int adder = 0; adder < adders; ++adder) {
    threads.emplace_back([&] {
      for (int done = 0; done < increments;) {
        const std::string text = bash("cat $T/tasks/task_0/percent_complete").output;
        if (text.empty()) return;  // the sum at the end tells
        const int value = std::stoi(text);
        const std::string patch = R"([{"op":"test","path":"/percent_complete","value":)" + std::to_string(value) +
                                  R"(},{"op":"replace","path":"/percent_complete","value":)" +
                                  std::to_string(value + 1) + "}]";
        const int error = write("tasks/task_0/task.json", patch);
        if (error == 0) ++done;
        if (error != 0 && error != ECANCELED) {
          ADD_FAILURE() << "errno " << error;
          return;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::to_string(adders * increments) + "\n", read("tasks/task_0/percent_complete"));
}

TEST_F(ConcurrentWritersTest, RefusedWritesAmongAcceptedOnesAreNowhere) {
  std::vector<std::thread> threads;
  std::vector<int> wrong(16, 0);
  for (int writer = 0; writer < 16; ++writer) {
    threads.emplace_back([&, writer] {
      const std::string directory = "tasks/task_" + std::to_string(writer % task_count) + "/";
      for (int number = 0; number < 20; ++number) {
        const std::string value = "good-" + std::to_string(writer) + "-" + std::to_string(number);
        int& count = wrong[static_cast<std::size_t>(writer)];
        count += write(directory + "readiness_check/idempotency_key", value + "\n") != 0;
        count += write(directory + "task.json",
                       R"({"readiness_check":{"idempotency_key":"refused"},"status":"NOPE"})") != EINVAL;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::vector<int>(16, 0), wrong);
  EXPECT_EQ(1 + 16 * 20, version());
  unmount();
  EXPECT_EQ(std::string::npos, read_file(journal_file()).find("refused"));
  expect_verified();
}

}  // namespace
}  // namespace statusfs::test
