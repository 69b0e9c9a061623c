// Random writes through the rules and the chain against a plain model. Set STATUSFS_TEST_SEED to repeat a failure.
#include "tests/model/model.hpp"

#include <algorithm>
#include <iostream>
#include <memory>

#include "mapping/chain/check.hpp"
#include "tests/unit/chain/chain_writer.hpp"
#include "tests/unit/document/random_values.hpp"

namespace statusfs {
namespace {

using model::Assignment;
using model::json;
using model::Write;
using Form = Write::Form;

const std::string persona = "TESTER";

template <typename T>
const T& one_of(RandomValues& random, const std::vector<T>& choices) {
  return choices[random.below(choices.size())];
}

// --- what is written -------------------------------------------------------------------------------------------------

class RandomWrites {
 public:
  RandomWrites(RandomValues& random, model::StatusFile& file) : random_(random), file_(file) {}

  Write next() {
    Write write;
    write.archetype = one_of<std::string>(
        random_, {"SUPERVISOR", "SUPERVISOR", "SUPERVISOR", "MANAGER", "BUILDER", "BUILDER", "AUDITOR"});
    const std::vector<std::string> ids = file_.task_ids();
    const std::size_t kind = random_.below(20);
    if (kind < 2 || ids.empty()) return adding(write);
    if (kind < 3) return removing(write, ids);
    if (kind < 6) return appending(write, ids);
    if (kind < 13) return to_a_file(write, ids);
    return patching(write, ids);
  }

 private:
  Write adding(Write write) {
    write.form = Form::add_task;
    write.task = "t" + std::to_string(random_.below(14));
    return write;
  }

  Write removing(Write write, const std::vector<std::string>& ids) {
    write.form = Form::remove_task;
    write.task = one_of(random_, ids);
    return write;
  }

  std::string line(const std::vector<std::string>& ids) {
    return one_of<std::string>(random_, {"waits for ", "x", "\u20ac "}) + one_of(random_, ids) +
           one_of<std::string>(random_, {"", ".", "x", " now"});
  }

  Write appending(Write write, const std::vector<std::string>& ids) {
    write.form = Form::append;
    const std::size_t where = random_.below(3);
    if (where == 0) write.assignments = {{"", "/key_achievements_log", line(ids)}};
    if (where == 1) write.assignments = {{one_of(random_, ids), "/execution_log/retry_attempts_log", line(ids)}};
    if (where == 2) write.assignments = {{"", "/overall_status_summary/active_blockers_summary", line(ids)}};
    return write;
  }

  json status() {
    return one_of<json>(random_,
                        {"PENDING", "ACTIVE", "ACTIVE", "BLOCKED", "DONE", "DONE", "FAILED", "SKIPPED", "BOGUS"});
  }
  json percentage() { return static_cast<int>(random_.below(115)) - 5; }
  json details() {
    return one_of<json>(random_, {nullptr, "why", "two\nlines", {{"code", 7}, {"list", {1, "a", nullptr}}}});
  }
  json test_status() {
    return one_of<json>(random_,
                        {nullptr, json::object(), {{"passed", 3}}, {{"failed", {"a", "b"}}, {"by", {{"x", true}}}}});
  }

  Assignment of_task(const std::string& id) {
    switch (random_.below(9)) {
      case 0:
      case 1:
      case 2:
        return {id, "/status", status()};
      case 3:
        return {id, "/percent_complete", percentage()};
      case 4:
      case 5:
        return {id, "/readiness_check/status",
                one_of<json>(random_, {"PASSED", "PASSED", "FAILED", "NOT_CHECKED", "NO"})};
      case 6:
        return {id, "/execution_log/failure_details", details()};
      case 7:
        return {id, "/latest_test_status", test_status()};
      default:
        return {id, "/g_last_update", random_.below(300)};
    }
  }

  Assignment of_file(const std::vector<std::string>& ids) {
    switch (random_.below(4)) {
      case 0:
        return {"", "/overall_status_summary/execution_status", one_of<json>(random_, {nullptr, "RUNNING", "HELD"})};
      case 1:
        return {"", "/_tasks_status_list_immutable", random_.below(4) == 0};
      case 2:
        return {"", "/execution_plan_id_ref", one_of<json>(random_, {"exec_plan_7", "exec_plan_8"})};
      default:
        return {"", "/overall_status_summary/active_blockers_summary", json::array({line(ids), line(ids)})};
    }
  }

  Write to_a_file(Write write, const std::vector<std::string>& ids) {
    write.form = Form::file;
    write.assignments = {random_.below(4) == 0 ? of_file(ids) : of_task(one_of(random_, ids))};
    return write;
  }

  Assignment lock_of(const std::string& id) {
    const json value = random_.below(5) == 0 ? json("yes") : json(random_.below(3) == 0);
    return {
        id,
        one_of<std::string>(random_, {"/_status_locked", "/_percent_complete_locked", "/_locked_object_definition"}),
        value};
  }

  static bool assigns(const Write& write, const Assignment& assignment) {
    return std::any_of(write.assignments.begin(), write.assignments.end(), [&](const Assignment& other) {
      return other.task == assignment.task && other.pointer == assignment.pointer;
    });
  }

  Write patching(Write write, const std::vector<std::string>& ids) {
    // A merge patch of the whole file cannot name single tasks.
    const bool is_file = random_.below(3) == 0;
    write.form = random_.below(2) == 0 && !is_file ? Form::merge : Form::json_patch;
    write.task = is_file ? "" : one_of(random_, ids);
    write.is_stale = random_.below(10) == 0;
    for (std::size_t count = 1 + random_.below(3); count > 0; --count) {
      const std::string id = is_file ? one_of(random_, ids) : write.task;
      Assignment assignment = random_.below(6) == 0              ? lock_of(id)
                              : is_file && random_.below(2) == 0 ? of_file(ids)
                                                                 : of_task(id);
      if (random_.below(40) == 0) assignment = {id, "/unheard_of", 1};
      // In a merge patch null and objects mean something else than "becomes this".
      const bool is_plain =
          write.form == Form::json_patch || (!assignment.value.is_null() && !assignment.value.is_object());
      if (is_plain && !assigns(write, assignment)) write.assignments.push_back(assignment);
    }
    return write;
  }

  RandomValues& random_;
  model::StatusFile& file_;
};

// --- how it is asked for ---------------------------------------------------------------------------------------------

std::string path_of_assignment(const Assignment& assignment) {
  if (!assignment.task.empty()) return "tasks/" + assignment.task + assignment.pointer;
  const std::string summary = "/overall_status_summary/";
  if (assignment.pointer.starts_with(summary)) return "summary/" + assignment.pointer.substr(summary.size());
  return assignment.pointer == "/key_achievements_log" ? "achievements" : assignment.pointer.substr(1);
}

std::string text_of_value(const json& value) {
  if (value.is_string()) return value.get<std::string>() + "\n";
  if (!value.is_array()) return value.dump() + "\n";
  std::string lines;
  for (const json& line : value) lines += line.get<std::string>() + "\n";
  return lines;
}

std::string merge_patch_text(const Write& write) {
  json patch = json::object();
  for (const Assignment& assignment : write.assignments)
    patch[json::json_pointer(assignment.pointer)] = assignment.value;
  if (write.is_stale) patch["signature_hash"] = "sha256:older";
  return patch.dump();
}

std::string json_patch_text(const Write& write, const std::vector<std::string>& ids) {
  json patch = json::array();
  if (write.is_stale) patch.push_back({{"op", "test"}, {"path", ""}, {"value", "older"}});
  for (const Assignment& assignment : write.assignments) {
    std::string prefix;
    if (write.task.empty()) prefix = "/payload";
    if (write.task.empty() && !assignment.task.empty())
      prefix += "/tasks_status/" + std::to_string(std::find(ids.begin(), ids.end(), assignment.task) - ids.begin());
    patch.push_back({{"op", "add"}, {"path", prefix + assignment.pointer}, {"value", assignment.value}});
  }
  return patch.dump();
}

Attempt attempt_of(const Write& write, const std::vector<std::string>& ids) {
  const std::string patch_path = write.task.empty() ? "patch" : "tasks/" + write.task + "/task.json";
  using Kind = WriteRequest::Kind;
  switch (write.form) {
    case Form::file:
      return {path_of_assignment(write.assignments[0]), text_of_value(write.assignments[0].value), Kind::set,
              write.archetype};
    case Form::append:
      return {path_of_assignment(write.assignments[0]), text_of_value(write.assignments[0].value), Kind::append,
              write.archetype};
    case Form::merge:
      return {patch_path, merge_patch_text(write), Kind::set, write.archetype};
    case Form::json_patch:
      return {patch_path, json_patch_text(write, ids), Kind::set, write.archetype};
    case Form::add_task:
      return {"tasks", write.task, Kind::add_task, write.archetype};
    case Form::remove_task:
      return {"tasks/" + write.task, "", Kind::remove_task, write.archetype};
  }
  return {};
}

// --- both together ---------------------------------------------------------------------------------------------------

class Comparison {
 public:
  explicit Comparison(RandomValues& random)
      : random_(random), replay_(default_mapping(), ReplayDepth::verified), file_(nullptr) {
    const Version first = begun(sample_after(R"([{"op":"replace","path":"/payload/tasks_status","value":[]},
        {"op":"add","path":"/payload/unknown","value":{"kept":[1]}},{"op":"add","path":"/kept","value":"x"}])"));
    chain_ = std::make_unique<Chain>(first.document, first.head);
    file_ = model::StatusFile(json::parse(indented_document(first.document->root())));
    keep(first.record);
  }

  void step() {
    const Write write = RandomWrites(random_, file_).next();
    const Attempt attempt = attempt_of(write, file_.task_ids());
    SCOPED_TRACE(attempt.archetype + " writes to " + attempt.path + ": " + attempt.text);
    const std::string before = compact(chain_->document()->root());
    const auto expected = file_.apply(write, {g_ + 1, persona, std::string(32, 'a')});
    const auto refusal = carry_out(attempt, expected.is_changed);
    ASSERT_EQ(refusal.has_value(), expected.refusal.has_value()) << message_;
    if (refusal) {
      ASSERT_EQ(static_cast<int>(*refusal), static_cast<int>(*expected.refusal)) << message_;
      ++refused_;
    }
    if (!expected.is_changed) {
      ASSERT_EQ(compact(chain_->document()->root()), before);
    }
    ASSERT_EQ(json::parse(compact(chain_->document()->root())), file_.root());
  }

  void expect_all_well() {
    const StatusDocument& document = *chain_->document();
    EXPECT_TRUE(verify_hashes(document).empty());
    for (const Finding& finding : check_document(document, "exec_status_7", nullptr))
      ADD_FAILURE() << finding.pointer << " " << finding.message;
    EXPECT_EQ(indented_document(replayed(journal_).root()), indented_document(document.root()));
  }

  /// As after a restart: everything that was kept up to date on the way is computed anew.
  void reopen() { chain_ = std::make_unique<Chain>(chain_->document(), chain_->head()); }

  std::size_t versions() const { return journal_.size(); }
  std::size_t refused() const { return refused_; }

 private:
  std::optional<Cause> carry_out(const Attempt& attempt, bool is_change_expected) {
    message_.clear();
    try {
      const Proposal proposal = judged(*chain_->document(), attempt);
      EXPECT_EQ(!proposal.changes.empty(), is_change_expected);
      if (!proposal.changes.empty()) keep(chain_->append(proposal, stamp_of(++g_, attempt.archetype)).record);
      return std::nullopt;
    } catch (const Rejection& rejection) {
      message_ = rejection.what();
      return rejection.cause();
    }
  }

  // Each version is verified as it comes, and its bytes are those that a reader sees.
  void keep(const std::string& record) {
    journal_.push_back(record);
    ASSERT_NO_THROW(replay_.apply(record));
    ASSERT_EQ(indented_document(replay_.root()), indented_document(chain_->document()->root()));
  }

  RandomValues& random_;
  Replay replay_;
  model::StatusFile file_;
  std::unique_ptr<Chain> chain_;
  std::vector<std::string> journal_;
  std::int64_t g_ = 2;
  std::size_t refused_ = 0;
  std::string message_;
};

TEST(ModelTest, RandomWrites) {
  RandomValues random;
  SCOPED_TRACE(random.trace());
  std::cout << random.trace() << "\n";
  std::size_t versions = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 12 && !testing::Test::HasFailure(); ++round) {
    Comparison comparison(random);
    for (int step = 0; step < 500 && !testing::Test::HasFailure(); ++step) {
      comparison.step();
      if (random.below(100) == 0) comparison.reopen();
    }
    comparison.expect_all_well();
    versions += comparison.versions();
    refused += comparison.refused();
  }
  if (testing::Test::HasFailure()) return;
  EXPECT_GT(versions, 1000u) << "most of the writes were refused, so little was tested";
  EXPECT_GT(refused, 500u) << "few of the writes were refused, so little was tested";
}

}  // namespace
}  // namespace statusfs
