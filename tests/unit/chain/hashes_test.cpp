#include "mapping/chain/hashes.hpp"

#include "mapping/document/canonical.hpp"
#include "mapping/document/json_patch_text.hpp"
#include "tests/unit/chain/chain_writer.hpp"
#include "tests/unit/chain/shell_hash.hpp"
#include "tests/unit/document/random_values.hpp"

namespace statusfs {
namespace {

using Kind = WriteRequest::Kind;

void expect_shell_agrees(const StatusDocument& document) {
  const TextFile file(indented_document(document.root()));
  EXPECT_EQ(payload_hash(document), payload_hash_by_jq(file));
  for (std::size_t position = 0; position < document.task_count(); ++position)
    EXPECT_EQ(signature_hash(document.mapping(), document.task(position)), signature_hash_by_jq(file, position))
        << position;
}

TEST(HashesTest, AreWhatJqAndSha256sumCompute) {
  expect_shell_agrees(sample());
  expect_shell_agrees(*begun(sample()).document);
  expect_shell_agrees(sample_after(R"([{"op":"replace","path":"/payload/tasks_status","value":[]}])"));
}

TEST(HashesTest, AKeyBehindTheTasks) {
  expect_shell_agrees(sample_after(R"([{"op":"add","path":"/payload/unknown","value":1},
                                       {"op":"add","path":"/payload/zeta","value":[2]}])"));
}

TEST(HashesTest, OfAllKindsOfValuesAreWhatJqComputes) {
  ChainWriter writer(sample_after(R"([{"op":"add","path":"/payload/extra","value":
      {"\u20ac":1,"a b":[true,false,null,{},[]],"\"":"quote \" slash \\ / \b\f\n\r\t \u0001 \u001f",
       "numbers":[0,-1,1.5,100,9007199254740991,0.25]}}])"));
  writer.write({"tasks/one/latest_test_status", R"({"zeta":1,"alpha":{"b":"\u00e9\u4e2d"}})"});
  writer.write({"tasks/two/execution_log/failure_details", "two\nlines \u00e9"});
  writer.write({"achievements", "done\n", Kind::append});
  expect_shell_agrees(writer.document());
  EXPECT_TRUE(verify_hashes(writer.document()).empty());
}

TEST(HashesTest, TheSignatureIsOverTheTaskWithoutIt) {
  const StatusDocument document = sample();
  const Value task = document.task(0);
  const std::string hash = signature_hash(document.mapping(), task);
  EXPECT_EQ(hash, "sha256:" + sha256_hex(canonical(task.without_member("signature_hash"))));
  EXPECT_EQ(signature_hash(document.mapping(), task.with_member("signature_hash", Value("anything"))), hash);
  EXPECT_EQ(signature_hash(document.mapping(), task.without_member("signature_hash")), hash);
  EXPECT_NE(signature_hash(document.mapping(), task.with_member("percent_complete", Value(std::int64_t{1}))), hash);
}

TEST(HashesTest, ThePayloadHashKnowsATaskByItsSignatureAlone) {
  const StatusDocument document = *begun(sample()).document;
  const Value changed = document.task(0).with_member("percent_complete", Value(std::int64_t{1}));
  EXPECT_EQ(payload_hash(document.with_task(0, changed)), payload_hash(document));
  EXPECT_NE(payload_hash(document.with_task(0, changed.with_member("signature_hash", Value("other")))),
            payload_hash(document));
  EXPECT_NE(payload_hash(document.without_task(0)), payload_hash(document));
}

TEST(HashesTest, AnyHash) {
  EXPECT_FALSE(has_any_hash(sample()));
  EXPECT_TRUE(has_any_hash(sample_after(R"([{"op":"replace","path":"/payload/payload_hash_current","value":"x"}])")));
  EXPECT_TRUE(has_any_hash(sample_after(R"([{"op":"replace","path":"/payload/payload_hash_previous","value":"x"}])")));
  EXPECT_TRUE(
      has_any_hash(sample_after(R"([{"op":"replace","path":"/payload/tasks_status/2/signature_hash","value":"x"}])")));
}

std::vector<std::string> pointers_of(const std::vector<Finding>& findings) {
  std::vector<std::string> pointers;
  for (const Finding& finding : findings) pointers.push_back(finding.pointer);
  return pointers;
}

TEST(VerifyHashesTest, FindsWhatWasChanged) {
  const StatusDocument good = *begun(sample()).document;
  EXPECT_TRUE(verify_hashes(good).empty());
  const auto findings_after = [&](const std::string& pointer, const std::string& value) {
    const std::string patch = R"([{"op":"replace","path":")" + pointer + R"(","value":)" + value + "}]";
    return pointers_of(verify_hashes(document_of(apply_json_patch(good.root(), decode_json_patch(parse_json(patch))))));
  };
  using testing::ElementsAre;
  EXPECT_THAT(findings_after("/payload/tasks_status/1/status", R"("DONE")"),
              ElementsAre("/payload/tasks_status/1/signature_hash"));
  EXPECT_THAT(findings_after("/payload/tasks_status/1/signature_hash", R"("x")"),
              ElementsAre("/payload/tasks_status/1/signature_hash", "/payload/payload_hash_current"));
  EXPECT_THAT(findings_after("/payload/g_last_update", "9"), ElementsAre("/payload/payload_hash_current"));
  EXPECT_THAT(findings_after("/payload/payload_hash_current", "null"), ElementsAre("/payload/payload_hash_current"));
  EXPECT_THAT(findings_after("/os_file_header/g_file_created", "9"), testing::IsEmpty())
      << "the journal binds the header";
}

TEST(VerifyHashesTest, StopsAtTheLimit) {
  EXPECT_EQ(verify_hashes(sample()).size(), 4u);
  EXPECT_EQ(verify_hashes(sample(), 2).size(), 2u);
  EXPECT_EQ(verify_hashes(sample(), 3).size(), 3u);
}

// --- the incremental digest against one from scratch -----------------------------------------------------------------

// A document that changes at random, and a digest that is told of it.
class ChangingDocument {
 public:
  explicit ChangingDocument(RandomValues& random)
      : random_(random), document_(*begun(sample()).document), digest_(document_) {}

  void change() {
    switch (random_.below(8)) {
      case 0:
        return add();
      case 1:
        return remove();
      case 2:
        return change_file();
      case 3:
        return jump();
      case 4:
      case 5:
        return change_log();
      default:
        return change_task();
    }
  }

  void expect_as_from_scratch() {
    EXPECT_EQ(digest_.payload_hash(document_), IncrementalDigest(document_).payload_hash(document_));
    EXPECT_EQ(digest_.payload_hash(document_), hash_by_definition());
    EXPECT_EQ(digest_.file_size(document_), indented_document(document_.root()).size());
  }

 private:
  std::string hash_by_definition() const {
    Value payload = *document_.root().find("payload");
    if (document_.tasks().is_array()) {
      std::vector<Value> leaves;
      for (std::size_t position = 0; position < document_.task_count(); ++position) {
        const Value* leaf = document_.task(position).find("signature_hash");
        leaves.push_back(leaf ? *leaf : Value());
      }
      payload = payload.with_member("tasks_status", Value::array(std::move(leaves)));
    }
    return "sha256:" + sha256_hex(canonical(payload.without_member("payload_hash_current")));
  }

  Value signature() {
    if (random_.below(40) == 0) return random_.value(1);  // a file that was edited by hand
    return Value(std::string_view("sha256:" + sha256_hex(random_.text())));
  }

  void add() {
    const std::string id = "task" + std::to_string(next_++);
    const Value task =
        Value::object({Member("task_id_ref", Value(std::string_view(id))), Member("signature_hash", signature()),
                       Member("latest_test_status", random_.value())});
    document_ = document_.with_added_task(task);
    digest_.task_added(task);
  }

  void remove() {
    if (document_.task_count() == 0) return;
    const std::size_t position = random_.below(document_.task_count());
    const Value task = document_.task(position);
    digest_.tasks_removed({&position, 1}, document_);
    document_ = document_.without_task(position);
  }

  void change_task() {
    if (document_.task_count() == 0) return;
    const std::size_t position = random_.below(document_.task_count());
    const Value before = document_.task(position);
    Value after = before.with_member("latest_test_status", random_.value()).with_member("signature_hash", signature());
    if (random_.below(20) == 0) after = after.without_member("signature_hash");
    document_ = document_.with_task(position, after);
    digest_.task_changed(position, before, after);
  }

  void change_file() {
    static const std::vector<std::string> places{"/payload/overall_status_summary/x",
                                                 "/payload/key_achievements_log",
                                                 "/payload/unknown",
                                                 "/other",
                                                 "/os_file_header/x",
                                                 "/payload/g_last_update",
                                                 "/payload/payload_hash_current",
                                                 "/payload/\u20ac"};
    const Pointer pointer = Pointer::parse(places[random_.below(places.size())]);
    const bool is_removed = random_.below(4) == 0;
    document_ = document_.with_value(pointer, is_removed ? std::nullopt : std::optional(random_.value()));
  }

  // As entries are appended, and as a rollback takes them away.
  void change_log() {
    const Pointer pointer = Pointer::parse("/payload/key_achievements_log");
    const Value* before = find(document_.root(), pointer);
    Value log = before && before->is_array() ? *before : Value::array({});
    const std::size_t appended = random_.below(300);
    for (std::size_t entry = 0; entry < appended; ++entry) log = log.with_appended(random_.value(1));
    if (random_.below(4) == 0 && log.size() > 0) log = log.without_element(random_.below(log.size()));
    document_ = document_.with_value(pointer, log);
  }

  void jump() {
    if (random_.below(10) > 0) return;
    document_ = random_.below(4) == 0 ? sample() : *begun(sample()).document;
    digest_.reset(document_);
  }

  RandomValues& random_;
  StatusDocument document_;
  IncrementalDigest digest_;
  int next_ = 0;
};

TEST(IncrementalDigestTest, RandomChanges) {
  RandomValues random;
  SCOPED_TRACE(random.trace());
  for (int round = 0; round < 30 && !testing::Test::HasFailure(); ++round) {
    ChangingDocument changing(random);
    for (int step = 0; step < 100 && !testing::Test::HasFailure(); ++step) {
      changing.change();
      if (random.below(2) == 0) changing.expect_as_from_scratch();
    }
  }
}

TEST(IncrementalDigestTest, FilesOfEveryShape) {
  for (const char* operations :
       {"[]", R"([{"op":"remove","path":"/payload/tasks_status"}])",
        R"([{"op":"replace","path":"/payload/tasks_status","value":[]}])",
        R"([{"op":"remove","path":"/os_file_header"}])", R"([{"op":"replace","path":"/payload","value":{}}])",
        R"([{"op":"add","path":"/a\"\n","value":[[],{},[{}]]}])"}) {
    const StatusDocument document = sample_after(operations);
    EXPECT_EQ(IncrementalDigest(document).file_size(document), indented_document(document.root()).size()) << operations;
  }
}

}  // namespace
}  // namespace statusfs
