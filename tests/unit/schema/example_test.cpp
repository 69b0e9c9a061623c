// The mapping that mapping/schema/README.md shows, word by word.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mapping/document/text.hpp"
#include "mapping/schema/mapping_loader.hpp"
#include "tests/unit/schema/test_files.hpp"

namespace statusfs {
namespace {

using testing::ElementsAre;

class Example : public testing::Test {
 protected:
  const Field& in_group(const char* group, const char* name) const { return *mapping_->top(group)->child(name); }
  const Field& of_task(const char* name) const { return *mapping_->collection->child(name); }
  const std::string text_ = example_text();
  const std::shared_ptr<const Mapping> mapping_ = load_mapping(text_, "README.md");
};

TEST_F(Example, KeepsItsText) {
  EXPECT_EQ(mapping_->text, text_);
  EXPECT_EQ(load_mapping(mapping_->text, "again")->text, text_);
}

TEST_F(Example, HasItsNames) {
  EXPECT_EQ(mapping_->schema, "Voyage_v1");
  EXPECT_EQ(mapping_->entity_type, "VOYAGE");
  EXPECT_THAT(mapping_->archetypes, ElementsAre("CAPTAIN", "SAILOR", "PASSENGER"));
  ASSERT_EQ(mapping_->enumerations.size(), 1U);
  EXPECT_EQ(mapping_->enumerations[0]->name, "leg_status");
  EXPECT_THAT(mapping_->enumerations[0]->values, ElementsAre("AHEAD", "UNDER_WAY", "STUCK", "ARRIVED"));
}

TEST_F(Example, HasLocksOfThreeForms) {
  for (const char* lock : {"_locked", "_ship_locked", "_legs_immutable"})
    EXPECT_TRUE(mapping_->locks.is_lock(lock)) << lock;
  for (const char* other : {"locked", "__locked", "_locked_", "ship_locked", "_immutable", ""}) {
    EXPECT_FALSE(mapping_->locks.is_lock(other)) << other;
  }
  EXPECT_EQ(mapping_->locks.list_prefix, "_");
  EXPECT_EQ(mapping_->locks.list_suffix, "_immutable");
}

TEST_F(Example, GivesPointersByDefaultFromTheRowAround) {
  EXPECT_EQ(in_group("header", "version").pointer.text(), "/header/version");
  EXPECT_EQ(in_group("voyage", "ship").pointer.text(), "/payload/voyage/ship");
  EXPECT_EQ(of_task("status").pointer.text(), "/status");
  EXPECT_EQ(of_task("weather").child("report")->pointer.text(), "/weather/report");
  EXPECT_TRUE(of_task("leg.json").pointer.is_root());
}

TEST_F(Example, KnowsParentsAndScopes) {
  const Field& report = *of_task("weather").child("report");
  EXPECT_EQ(report.parent, &of_task("weather"));
  EXPECT_TRUE(report.in_task);
  EXPECT_EQ(mapping_->collection->parent, nullptr);
  EXPECT_FALSE(mapping_->collection->in_task);
  EXPECT_EQ(mapping_->collection_id, "leg");
}

TEST_F(Example, ReadsInitialValuesByType) {
  EXPECT_EQ(in_group("header", "file_id").initial, Value("{stem}"));
  EXPECT_EQ(in_group("voyage", "sails_set").initial, Value(false));
  EXPECT_EQ(in_group("voyage", "troubles").initial, Value::array());
  EXPECT_EQ(of_task("miles").initial, Value(std::int64_t{0}));
  EXPECT_EQ(of_task("weather").child("report")->initial, Value());
  EXPECT_EQ(of_task("signature").initial, std::nullopt);
  EXPECT_EQ(in_group("voyage", "ship").absent, "unnamed");
}

TEST_F(Example, ReadsTheNumbersOfADocumentAsJsonHasThem) {
  const std::string row = "      sails_set: {type: boolean,";
  std::string text = text_;
  text.insert(text.find(row),
              "      log_line: {type: document, write: [SAILOR], help: Numbers, initial: "
              "{a: 1.50, b: -2e3, c: -9007199254740991, d: 1.2.3, e: 0.5, f: \"1.5\", g: .5, h: 1e, i: [-0.0]}}\n");
  const auto mapping = load_mapping(text, "numbers.yaml");
  EXPECT_EQ(compact(*mapping->top("voyage")->child("log_line")->initial),
            R"({"a":1.50,"b":-2e3,"c":-9007199254740991,"d":"1.2.3","e":0.5,"f":"1.5","g":".5","h":"1e","i":[-0.0]})");
}

TEST_F(Example, ReadsPlaceholdersByType) {
  const std::string row = "      sails_set: {type: boolean,";
  std::string text = text_;
  text.insert(text.find(row),
              "      about: {type: text, write: [SAILOR], help: Text, initial: \"{plan_id}\"}\n"
              "      since: {type: integer, access: read-only, help: Number, initial: \"{g}\"}\n");
  const auto mapping = load_mapping(text, "placeholders.yaml");
  EXPECT_EQ(mapping->top("voyage")->child("about")->initial, Value("{plan_id}"));
  EXPECT_EQ(mapping->top("voyage")->child("since")->initial, Value("{g}"));
}

TEST_F(Example, ItsHeaderHoldsTheVersion) { EXPECT_EQ(mapping_->header, mapping_->top("header")); }

TEST_F(Example, ReadsRangesWritersAndSources) {
  EXPECT_EQ(of_task("miles").maximum, 9999);
  EXPECT_EQ(of_task("weather").child("read_at")->minimum, -9007199254740991);
  EXPECT_TRUE(of_task("status").may_be_written_by("SAILOR"));
  EXPECT_FALSE(of_task("status").may_be_written_by("PASSENGER"));
  EXPECT_TRUE(of_task("signature").writers.empty());
  EXPECT_EQ(of_task("weather").child("read_at")->stamp_with->trigger, "report");
  EXPECT_EQ(of_task("weather").child("read_at")->stamp_with->stamp, Stamp::g);
  EXPECT_EQ(in_group("voyage", "done").derived->field, "status");
  EXPECT_EQ(in_group("voyage", "done").derived->equals, "ARRIVED");
}

TEST_F(Example, ReadsEntriesOfALog) {
  const LogEntry& entry = *mapping_->top("logbook")->entry;
  EXPECT_EQ(entry.main, "event");
  ASSERT_EQ(entry.members.size(), 4U);
  EXPECT_EQ(entry.members[0].always, Value(true));
  EXPECT_EQ(entry.members[0].type, FieldType::boolean);
  EXPECT_EQ(entry.members[1].stamp, Stamp::g);
  EXPECT_EQ(entry.members[1].type, FieldType::integer);
  EXPECT_TRUE(entry.members[2].required);
  EXPECT_TRUE(entry.members[3].references_tasks);
  EXPECT_TRUE(entry.members[3].nullable);
  EXPECT_EQ(entry.members[3].initial, Value());
}

TEST_F(Example, ReadsARuleOfEachKind) {
  ASSERT_EQ(mapping_->rules.size(), 4U);
  const TransitionRule& course = *mapping_->rules[0].transition;
  EXPECT_EQ(course.field, &of_task("status"));
  ASSERT_EQ(course.steps.size(), 5U);
  EXPECT_TRUE(course.steps[0].archetypes.empty());
  EXPECT_EQ(course.steps[4].from, "ARRIVED");
  EXPECT_THAT(course.steps[4].archetypes, ElementsAre("CAPTAIN"));
  EXPECT_EQ(mapping_->rules[1].requirement->field, of_task("weather").child("report"));
  EXPECT_EQ(mapping_->rules[1].requirement->equals, std::nullopt);
  EXPECT_EQ(mapping_->rules[2].implication->then.value, Value(std::int64_t{0}));
  EXPECT_EQ(mapping_->rules[2].mode, RuleMode::warn);
  EXPECT_EQ(mapping_->rules[3].mode, RuleMode::enforce);
  EXPECT_EQ(mapping_->rules[3].clearing->list, &in_group("voyage", "troubles"));
}

TEST_F(Example, SurvivesEveryCutAndEveryLostLine) {
  std::size_t accepted = 0;
  for (std::size_t end = 0; end < text_.size(); end += 7) {
    try {
      load_mapping(std::string_view(text_).substr(0, end), "cut");
      ++accepted;
    } catch (const MappingError&) {
    }
  }
  for (std::size_t begin = 0; begin < text_.size();) {
    const std::size_t end = text_.find('\n', begin) + 1;
    try {
      load_mapping(text_.substr(0, begin) + text_.substr(end), "without a line");
      ++accepted;
    } catch (const MappingError&) {
    }
    begin = end;
  }
  EXPECT_GT(accepted, 10U);
}

}  // namespace
}  // namespace statusfs
