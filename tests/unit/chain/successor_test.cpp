#include "mapping/chain/successor.hpp"

#include "tests/unit/chain/chain_writer.hpp"
#include "tests/unit/rules/sample_plan.hpp"

namespace statusfs {
namespace {

using testing::HasSubstr;

StatusDocument patched(const StatusDocument& document, const std::string& json_patch) {
  return document_of(apply_json_patch(document.root(), decode_json_patch(parse_json(json_patch))));
}

std::string set(const std::string& pointer, const std::string& value) {
  return R"([{"op":"add","path":")" + pointer + R"(","value":)" + value + "}]";
}

std::string removal(const std::string& pointer) { return R"([{"op":"remove","path":")" + pointer + R"("}])"; }

// Version 3 of a file with g 3 and one achievement, and what follows it: version 4 with g 4, a second achievement, and
// a retry of the first task.
class Succession {
 public:
  Succession() {
    writer_.write({"achievements", "first\n", WriteRequest::Kind::append});
    Chain chain(writer_.chain().document(), writer_.chain().head());
    const Attempt attempt{"patch", R"([
        {"op":"replace","path":"/payload/tasks_status/0/percent_complete","value":5},
        {"op":"add","path":"/payload/tasks_status/0/execution_log/retry_attempts_log/-","value":{"note":"a"}},
        {"op":"add","path":"/payload/key_achievements_log/-","value":{"achievement_summary":"second"}}])"};
    chain.append(judged(*chain.document(), attempt), stamp_of(4));
    after_ = chain.document();
  }

  const StatusDocument& before() const { return writer_.document(); }
  const StatusDocument& after() const { return *after_; }
  const ChainHead& head() { return writer_.chain().head(); }

 private:
  ChainWriter writer_;
  std::shared_ptr<const StatusDocument> after_;
};

std::optional<Finding> fault(const StatusDocument& before, const StatusDocument& after, const Plan* plan = nullptr) {
  return fault_of_successor({before, 3}, after, "exec_status_7", plan);
}

std::string shown_fault(const std::optional<Finding>& finding) {
  return finding ? finding->pointer + ": " + finding->message : "none";
}

const std::string version_number = "/os_file_header/v_file_instance";
const std::string modified = "/os_file_header/g_file_last_modified";
const std::string last_update = "/payload/g_last_update";
const std::string previous_hash = "/payload/payload_hash_previous";
const std::string second_achievement = "/payload/key_achievements_log/1";
const std::string first_task = "/payload/tasks_status/0";
const std::string first_retry = first_task + "/execution_log/retry_attempts_log/0";

// --- whether it follows
// ------------------------------------------------------------------------------------------------

TEST(SuccessorTest, IsOneVersionLaterThanTheHead) {
  Succession files;
  EXPECT_TRUE(is_successor(files.after(), files.head()));
  for (const char* other : {"3", "5", "-4", "null", R"("4")"})
    EXPECT_FALSE(is_successor(patched(files.after(), set(version_number, other)), files.head())) << other;
  EXPECT_FALSE(is_successor(patched(files.after(), removal(version_number)), files.head()));
  EXPECT_FALSE(is_successor(files.before(), files.head())) << "the head is not behind itself";
}

TEST(SuccessorTest, NamesTheHashOfTheHead) {
  Succession files;
  ChainHead another = files.head();
  another.payload_hash_current = "sha256:" + std::string(64, 'a');
  EXPECT_FALSE(is_successor(files.after(), another));
  EXPECT_FALSE(is_successor(patched(files.after(), removal(previous_hash)), files.head()));
  EXPECT_FALSE(is_successor(patched(files.after(), set(previous_hash, "null")), files.head()));
}

TEST(SuccessorTest, HasHashesThatVerify) {
  Succession files;
  EXPECT_FALSE(is_successor(patched(files.after(), set(first_task + "/percent_complete", "6")), files.head()))
      << "a task without a new signature";
  EXPECT_FALSE(is_successor(patched(files.after(), set("/payload/more", "1")), files.head()))
      << "a payload without a new hash";
  EXPECT_FALSE(is_successor(patched(files.after(), removal("/payload/payload_hash_current")), files.head()));
  EXPECT_TRUE(is_successor(patched(files.after(), set("/os_file_header/more", "1")), files.head()))
      << "no hash covers the header";
}

// --- what it must not say
// ----------------------------------------------------------------------------------------------

TEST(SuccessorTest, OfAnotherDriverHasNoFault) {
  const Succession files;
  EXPECT_EQ(shown_fault(fault(files.before(), files.after())), "none");
}

struct BadSuccessor {
  std::string patch;  ///< of a good one
  std::string pointer;
  std::string part;
};

class BadSuccessorTest : public testing::TestWithParam<BadSuccessor> {};

TEST_P(BadSuccessorTest, IsRefusedWithItsPointer) {
  SCOPED_TRACE(GetParam().patch);
  const Succession files;
  const auto found = fault(files.before(), patched(files.after(), GetParam().patch));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->pointer, GetParam().pointer);
  EXPECT_THAT(found->message, HasSubstr(GetParam().part));
}

BadSuccessor wrong(const std::string& pointer, const std::string& value, const std::string& part) {
  return {set(pointer, value), pointer, part};
}

BadSuccessor lacking(const std::string& pointer, const std::string& part = "is missing") {
  return {removal(pointer), pointer, part};
}

INSTANTIATE_TEST_SUITE_P(
    GoesBackwards, BadSuccessorTest,
    testing::Values(wrong(last_update, "2", "is 2; a mutation stamps a number that is larger than 3"),
                    wrong(last_update, "0", "larger than 3"), wrong(modified, "1", "larger than 3")));

INSTANTIATE_TEST_SUITE_P(LeavesNoNumberBehindIt, BadSuccessorTest,
                         testing::Values(wrong(last_update, "9007199254740991", "not the last of all"),
                                         wrong(modified, "9007199254740991", "not the last of all")));

// Numbers that another program reads as integers, and the counter's reader does not.
INSTANTIATE_TEST_SUITE_P(NumbersWrittenOtherwise, BadSuccessorTest,
                         testing::Values(wrong(last_update, "7.7e1", "7.7e1 is not accepted"),
                                         wrong(last_update, "77.0", "77.0 is not accepted"),
                                         wrong(last_update, R"("77")", "is not accepted"),
                                         wrong(modified, "7.7e1", "7.7e1 is not accepted"),
                                         wrong(version_number, "4e0", "4e0 is not accepted"),
                                         wrong(first_task + "/g_last_update", "7.7e1", "7.7e1 is not accepted"),
                                         wrong(first_task + "/readiness_check/g_checked", "7.7e1", "is not accepted"),
                                         wrong(second_achievement + "/g_event", "7.7e1", "is not accepted"),
                                         wrong(first_retry + "/g", "7.7e1", "7.7e1 is not accepted")));

INSTANTIATE_TEST_SUITE_P(
    IsLaterThanTheFile, BadSuccessorTest,
    testing::Values(wrong(first_task + "/g_last_update", "5", "is 5, which is later than the file's 4"),
                    wrong(first_task + "/readiness_check/g_checked", "5", "later than the file's 4"),
                    wrong(second_achievement + "/g_event", "5", "later than the file's 4"),
                    wrong(first_retry + "/g", "5", "later than the file's 4")));

INSTANTIATE_TEST_SUITE_P(HasNoStamps, BadSuccessorTest,
                         testing::Values(wrong(last_update, "null", "is null; a mutation stamps a number"),
                                         lacking(last_update), lacking(modified),
                                         lacking(first_task + "/g_last_update"),
                                         lacking(second_achievement + "/g_event", "every entry is stamped with it"),
                                         lacking(second_achievement + "/trace_id", "every entry is stamped with it"),
                                         lacking(first_retry + "/g", "every entry is stamped with it"),
                                         lacking(first_retry + "/trace_id", "every entry is stamped with it")));

INSTANTIATE_TEST_SUITE_P(IsNotValid, BadSuccessorTest,
                         testing::Values(wrong(first_task + "/status", R"("done")", "one of PENDING"),
                                         wrong("/payload/execution_plan_id_ref", R"("exec_plan_8")", "number 7")));

TEST(SuccessorTest, MayLeaveTheNumbersAsTheyWere) {
  const Succession files;
  StatusDocument unstamped = files.after();
  for (const std::string& pointer : {last_update, modified}) unstamped = patched(unstamped, set(pointer, "3"));
  const auto found = fault(files.before(), unstamped);
  ASSERT_TRUE(found) << "those of its entries and tasks are later then";
  EXPECT_EQ(found->pointer, second_achievement + "/g_event");
  for (const std::string& pointer :
       {first_task + "/g_last_update", second_achievement + "/g_event", first_retry + "/g"})
    unstamped = patched(unstamped, set(pointer, "3"));
  EXPECT_EQ(shown_fault(fault(files.before(), unstamped)), "none");
}

TEST(SuccessorTest, MustBringANumberThatWasMissing) {
  const Succession files;
  const StatusDocument before = patched(files.before(), removal(last_update));
  EXPECT_EQ(shown_fault(fault(before, files.after())), "none");
  const auto found = fault(before, patched(files.after(), removal(last_update)));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->pointer, last_update);
  EXPECT_THAT(found->message, HasSubstr("is missing; a mutation stamps a number that is larger than 3"));
}

TEST(SuccessorTest, TakesNoNumberFromATaskNorMakesItEarlier) {
  const Succession files;
  const std::string task_g = first_task + "/g_last_update", checked = first_task + "/readiness_check/g_checked";
  const StatusDocument before = patched(patched(files.before(), set(task_g, "3")), set(checked, "3"));
  const auto fault_with = [&](const std::string& pointer, const std::string& value) {
    const StatusDocument after = patched(patched(files.after(), set(task_g, "3")), set(checked, "3"));
    return shown_fault(fault(before, patched(after, set(pointer, value))));
  };
  EXPECT_THAT(fault_with(task_g, "null"), HasSubstr(task_g + ": is null; a mutation that adds or changes a task"));
  EXPECT_EQ(fault_with(task_g, "2"), task_g + ": is 2, which is earlier than the 3 before");
  EXPECT_EQ(fault_with(checked, "2"), checked + ": is 2, which is earlier than the 3 before");
  for (const char* value : {"3", "4"}) EXPECT_EQ(fault_with(task_g, value), "none") << value;
  for (const char* value : {"null", "3", "4"}) EXPECT_EQ(fault_with(checked, value), "none") << value;
}

// A chain may begin with a file that nobody stamped; but whoever adds a task stamps it.
TEST(SuccessorTest, MayLeaveATaskWithoutANumberThatHadNone) {
  const Succession files;
  const std::string unstamped = set(first_task + "/g_last_update", "null");
  const StatusDocument before = patched(files.before(), unstamped), after = patched(files.after(), unstamped);
  EXPECT_EQ(shown_fault(fault(before, after)), "none");
  EXPECT_EQ(shown_fault(fault(before, files.after())), "none");
  const auto found = fault(before, patched(after, R"([
      {"op":"copy","from":"/payload/tasks_status/0","path":"/payload/tasks_status/-"},
      {"op":"replace","path":"/payload/tasks_status/3/task_id_ref","value":"four"}])"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->pointer, "/payload/tasks_status/3/g_last_update");
  EXPECT_THAT(found->message, HasSubstr("is null"));
}

TEST(SuccessorTest, StampsEveryEntryOfATaskThatIsNew) {
  const Succession files;
  const StatusDocument before =
      patched(files.before(), set(first_task + "/execution_log/retry_attempts_log/-", R"({"note":"as many"})"));
  const auto found = fault(before, patched(files.after(), R"([
      {"op":"copy","from":"/payload/tasks_status/0","path":"/payload/tasks_status/-"},
      {"op":"replace","path":"/payload/tasks_status/3/task_id_ref","value":"four"},
      {"op":"remove","path":"/payload/tasks_status/3/execution_log/retry_attempts_log/0/g"}])"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->pointer, "/payload/tasks_status/3/execution_log/retry_attempts_log/0/g");
  EXPECT_THAT(found->message, HasSubstr("every entry is stamped with it"));
}

// What was wrong before is not the fault of who came after.
TEST(SuccessorTest, KeepsTheFaultsOfTheVersionBefore) {
  const Succession files;
  for (const std::string& patch :
       {set(first_task + "/status", R"("done")"), set("/payload/execution_plan_id_ref", R"("exec_plan_8")"),
        removal("/payload/key_achievements_log/0/g_event"), removal("/payload/key_achievements_log/0/trace_id")})
    EXPECT_EQ(shown_fault(fault(patched(files.before(), patch), patched(files.after(), patch))), "none") << patch;
}

TEST(SuccessorTest, HasNoTaskThatThePlanLacks) {
  const Succession files;
  const Plan plan = plan_with("");
  EXPECT_EQ(shown_fault(fault(files.before(), files.after(), &plan)), "none");
  const StatusDocument with_another = patched(files.after(), R"([
      {"op":"copy","from":"/payload/tasks_status/0","path":"/payload/tasks_status/-"},
      {"op":"replace","path":"/payload/tasks_status/3/task_id_ref","value":"four"}])");
  EXPECT_EQ(shown_fault(fault(files.before(), with_another)), "none") << "without a plan there may be any";
  EXPECT_THAT(shown_fault(fault(files.before(), with_another, &plan)), HasSubstr(R"(has no task "four")"));
}

// --- what it says of its own making
// ------------------------------------------------------------------------------------

TEST(SuccessorTest, TellsItsStamps) {
  const Succession files;
  EXPECT_EQ(stamps_of_successor(files.after()).g, 4);
  EXPECT_EQ(stamps_of_successor(files.after()).trace_id, std::string(32, 'a'));
  EXPECT_EQ(stamps_of_successor(patched(files.after(), set(modified, "9"))).g, 9) << "the larger of both";
  EXPECT_EQ(stamps_of_successor(patched(files.after(), set(last_update, "9"))).g, 9) << "the larger of both";
}

TEST(SuccessorTest, TellsNoStampsWhereItHasNone) {
  StatusDocument document = sample();
  for (const std::string& pointer : {last_update, modified, std::string("/os_file_header/g_file_created")})
    document = patched(document, set(pointer, R"("4")"));
  document = patched(document, set("/payload/last_mutation_trace_id", "7"));
  EXPECT_EQ(stamps_of_successor(document).g, 0);
  EXPECT_EQ(stamps_of_successor(document).trace_id, "");
}

}  // namespace
}  // namespace statusfs
