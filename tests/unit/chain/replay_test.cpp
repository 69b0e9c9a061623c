#include "mapping/chain/replay.hpp"

#include <functional>
#include <random>

#include "tests/unit/chain/chain_writer.hpp"

namespace statusfs {
namespace {

using Kind = WriteRequest::Kind;

std::vector<std::string> some_journal() {
  ChainWriter writer;
  writer.write({"tasks/one/percent_complete", "5"});
  writer.write({"achievements", "a\n", Kind::append});
  writer.write({"tasks", "four", Kind::add_task});
  writer.write({"tasks/four/percent_complete", "7"});
  return writer.journal();
}

void expect_tampered(const std::vector<std::string>& journal, std::uint64_t line, const std::string& part,
                     ReplayDepth depth = ReplayDepth::chained) {
  try {
    replayed(journal, depth);
    ADD_FAILURE() << "nothing was found";
  } catch (const TamperError& error) {
    EXPECT_EQ(error.line(), line);
    EXPECT_THAT(error.what(), testing::HasSubstr("journal line " + std::to_string(line) + ": "));
    EXPECT_THAT(error.what(), testing::HasSubstr(part));
  }
}

/// The journal with one record changed by somebody who computes record hashes anew, in this line and all behind it.
std::vector<std::string> forged(std::vector<std::string> journal, std::size_t index,
                                const std::function<void(JournalRecord&)>& forge) {
  JournalRecord record = decode_record(journal[index]);
  forge(record);
  journal[index] = encode_record(record);
  for (std::size_t next = index + 1; next < journal.size(); ++next) {
    JournalRecord follower = decode_record(journal[next]);
    follower.record_previous = record.record_hash;
    journal[next] = encode_record(follower);
    record = follower;
  }
  return journal;
}

TEST(ReplayTest, RebuildsTheDocument) {
  ChainWriter writer;
  writer.write({"tasks/one/percent_complete", "5"});
  for (const ReplayDepth depth : {ReplayDepth::chained, ReplayDepth::verified}) {
    const Replay replay = replayed(writer.journal(), depth);
    EXPECT_EQ(replay.lines(), 2u);
    EXPECT_EQ(indented_document(replay.root()), writer.text());
    EXPECT_TRUE(replay.head() == writer.chain().head());
    EXPECT_EQ(replay.last().path, "tasks/one/percent_complete");
  }
}

TEST(ReplayTest, ALineThatIsMissingOrTwiceOrElsewhere) {
  const std::vector<std::string> journal = some_journal();
  for (std::size_t gone = 0; gone + 1 < journal.size(); ++gone) {
    std::vector<std::string> shorter = journal;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(gone));
    expect_tampered(shorter, gone + 1, gone == 0 ? "record_previous" : "are missing");
  }
  std::vector<std::string> twice = journal;
  twice.insert(twice.begin() + 2, journal[1]);
  expect_tampered(twice, 3, "record_previous");
  std::vector<std::string> swapped = journal;
  std::swap(swapped[2], swapped[3]);
  expect_tampered(swapped, 3, "are missing");
}

// Lines that are each right, in another order, twice, or not at all.
TEST(ReplayTest, NoOtherOrderOfLinesIsAccepted) {
  std::vector<std::string> lines;
  JournalRecord record = decode_record(some_journal().front());
  for (int count = 0; count < 8; ++count) {
    record.patch = whole_document_patch(Value(std::int64_t{count}));
    lines.push_back(encode_record(record));
    record.record_previous = record.record_hash;
    record.payload_hash_previous = record.payload_hash_current;
    ++record.version;
  }
  const auto is_chain = [](const std::vector<std::string>& chain, std::size_t whole) {
    Replay replay(default_mapping(), ReplayDepth::chained);
    try {
      for (const std::string& line : chain) replay.apply(line);
      return replay.lines() == whole;
    } catch (const TamperError&) {
      return false;
    }
  };
  ASSERT_TRUE(is_chain(lines, lines.size()));
  std::mt19937 random(3);
  for (int round = 0; round < 10'000; ++round) {
    std::vector<std::string> changed = lines;
    const std::size_t one = random() % changed.size(), other = random() % changed.size();
    switch (random() % 3) {
      case 0:
        std::swap(changed[one], changed[other]);
        break;
      case 1:
        changed[one] = changed[other];
        break;
      default:
        changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(one));
        break;
    }
    if (changed == lines) continue;
    ASSERT_FALSE(is_chain(changed, lines.size())) << round;
  }
}

TEST(ReplayTest, AChangedLine) {
  std::vector<std::string> journal = some_journal();
  journal[3].replace(journal[3].find("TESTER"), 6, "SOMEON");
  expect_tampered(journal, 4, "record_hash");
  EXPECT_EQ(replayed({journal.begin(), journal.begin() + 3}).lines(), 3u);
}

TEST(ReplayTest, AForgedVersion) {
  expect_tampered(forged(some_journal(), 2, [](JournalRecord& record) { record.version = 9; }), 3, "v is 9 after 3");
  expect_tampered(forged(some_journal(), 2, [](JournalRecord& record) { record.payload_hash_previous = "sha256:x"; }),
                  3, "payload_hash_previous is not");
  expect_tampered(forged(some_journal(), 2, [](JournalRecord& record) { record.payload_hash_current = "sha256:x"; }), 4,
                  "payload_hash_previous is not");
  expect_tampered(forged(some_journal(), 0, [](JournalRecord& record) { record.record_previous = "x"; }), 1,
                  "record_previous");
}

TEST(ReplayTest, APatchThatCannotBeApplied) {
  expect_tampered(
      forged(some_journal(), 2, [](JournalRecord& r) { r.patch = parse_json(R"([{"op":"remove","path":"/x"}])"); }), 3,
      "the patch cannot be applied");
  expect_tampered(forged(some_journal(), 2, [](JournalRecord& r) { r.patch = Value(); }), 3,
                  "the patch cannot be applied");
  expect_tampered(forged(some_journal(), 2,
                         [](JournalRecord& r) { r.patch = parse_json(R"([{"op":"test","path":"","value":1}])"); }),
                  3, "the patch cannot be applied");
}

void append_operation(JournalRecord& record, const std::string& operation) {
  record.patch = record.patch.with_appended(parse_json(operation));
}

TEST(ReplayTest, WhatOnlyVerifyingFinds) {
  const auto found = [](const std::string& part, const std::function<void(JournalRecord&)>& forge) {
    const auto journal = forged(some_journal(), 1, forge);
    EXPECT_NO_THROW(replayed({journal[0], journal[1]}, ReplayDepth::chained)) << part;
    expect_tampered(journal, 2, part, ReplayDepth::verified);
  };
  found("the file has", [](JournalRecord& r) { ++r.size; });
  found("the payload hash in the document",
        [](JournalRecord& r) { r.payload_hash_current = "sha256:" + std::string(64, '0'); });
  found("the task hashes to", [](JournalRecord& r) {
    append_operation(r, R"({"op":"replace","path":"/payload/tasks_status/0/percent_complete","value":6})");
  });
  found("the task hashes to", [](JournalRecord& r) {
    append_operation(r, R"({"op":"replace","path":"/payload/tasks_status/2/percent_complete","value":6})");
  });
  found("the task hashes to", [](JournalRecord& r) {
    append_operation(r, R"({"op":"remove","path":"/payload/tasks_status/0/signature_hash"})");
  });
  found("the payload hashes to", [](JournalRecord& r) {
    append_operation(r, R"({"op":"add","path":"/payload/overall_status_summary/execution_status","value":"x"})");
  });
  found("the payload hashes to",
        [](JournalRecord& r) { append_operation(r, R"({"op":"remove","path":"/payload/tasks_status/1"})"); });
  found("the file has", [](JournalRecord& r) { append_operation(r, R"({"op":"add","path":"/extra","value":1})"); });
  found("the version in the document is 7", [](JournalRecord& r) {
    append_operation(r, R"({"op":"replace","path":"/os_file_header/v_file_instance","value":7})");
  });
  found("the previous payload hash", [](JournalRecord& r) {
    append_operation(r, R"({"op":"replace","path":"/payload/payload_hash_previous","value":null})");
  });
  found("has the id \"two\"", [](JournalRecord& r) {
    append_operation(r, R"({"op":"replace","path":"/payload/tasks_status/0/task_id_ref","value":"two"})");
  });
  found("/payload/tasks_status is no JSON array",
        [](JournalRecord& r) { append_operation(r, R"({"op":"replace","path":"/payload/tasks_status","value":{}})"); });
}

TEST(ReplayTest, RemovalsAreFollowedAndVerified) {
  ChainWriter writer;
  writer.write({"patch", R"([{"op":"replace","path":"/payload/tasks_status/2/percent_complete","value":5},
                             {"op":"remove","path":"/payload/tasks_status/0"},
                             {"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"four"}}])"});
  writer.write({"tasks/two", "", Kind::remove_task});
  writer.write({"patch", R"([{"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"five"}},
                             {"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"six"}}])"});
  writer.write({"tasks/three/percent_complete", "6"});
  expect_journal_gives_document(writer);
  const std::vector<std::string> journal = writer.journal();
  const auto forge = [&](const std::string& part, const std::string& operation) {
    expect_tampered(forged(journal, 2, [&](JournalRecord& r) { append_operation(r, operation); }), 3, part,
                    ReplayDepth::verified);
  };
  forge("the task hashes to", R"({"op":"replace","path":"/payload/tasks_status/0/percent_complete","value":7})");
  forge("the payload hashes to", R"({"op":"remove","path":"/payload/tasks_status/0"})");
  forge("the payload hashes to", R"({"op":"move","from":"/payload/tasks_status/0","path":"/payload/tasks_status/1"})");
}

TEST(ReplayTest, StandsAtTheLineBeforeTheBadOne) {
  const std::vector<std::string> journal = some_journal();
  for (const ReplayDepth depth : {ReplayDepth::chained, ReplayDepth::verified}) {
    Replay replay = replayed({journal[0], journal[1]}, depth);
    const std::string before = compact(replay.root());
    std::string cut = journal[2];
    cut.pop_back();
    EXPECT_THROW(replay.apply(cut), TamperError);
    EXPECT_THROW(replay.apply(journal[3]), TamperError);
    EXPECT_EQ(replay.lines(), 2u);
    EXPECT_EQ(compact(replay.root()), before);
    for (std::size_t next = 2; next < journal.size(); ++next) replay.apply(journal[next]);
    EXPECT_EQ(replay.lines(), journal.size());
  }
}

TEST(ReplayTest, ABadVersionLeavesNoTrace) {
  const std::vector<std::string> journal = some_journal();
  for (std::size_t line = 1; line < journal.size(); ++line) {
    Replay replay = replayed({journal.begin(), journal.begin() + static_cast<std::ptrdiff_t>(line)});
    EXPECT_THROW(replay.apply(forged(journal, line, [](JournalRecord& r) { ++r.size; })[line]), TamperError);
    for (std::size_t next = line; next < journal.size(); ++next)
      ASSERT_NO_THROW(replay.apply(journal[next])) << line << " " << next;
  }
}

TEST(ReplayTest, AnotherGThanTheDocuments) {
  for (const std::int64_t g : {-1, 1, 1000})
    expect_tampered(forged(some_journal(), 2, [&](JournalRecord& r) { r.g = g; }), 3,
                    "g in the document is 4, but the record says " + std::to_string(g), ReplayDepth::verified);
}

// A journal that goes on where a closed one ended repeats the version, and nothing but it.
TEST(ReplayTest, ARepeatedVersionThatIsAnother) {
  ChainWriter writer;
  writer.write({"tasks/one/percent_complete", "5"});
  const auto with_repeated = [&](const std::function<void(JournalRecord&)>& change) {
    JournalRecord record = decode_record(writer.journal().back());
    record.op = rotation_op;
    record.patch = whole_document_patch(writer.document().root());
    record.record_previous = record.record_hash;
    change(record);
    std::vector<std::string> journal = writer.journal();
    journal.push_back(encode_record(record));
    return journal;
  };
  EXPECT_EQ(replayed(with_repeated([](JournalRecord&) {})).root(), writer.document().root());
  const std::vector<std::function<void(JournalRecord&)>> changes{
      [](JournalRecord& r) { ++r.version; }, [](JournalRecord& r) { ++r.g; }, [](JournalRecord& r) { ++r.size; },
      [](JournalRecord& r) { r.payload_hash_previous.reset(); },
      [](JournalRecord& r) { r.payload_hash_current = "x"; }};
  for (const auto& change : changes)
    expect_tampered(with_repeated(change), 3, "another version than the closed one ended with");
  const Value other = replayed({writer.journal().front()}).root();
  expect_tampered(with_repeated([&](JournalRecord& r) { r.patch = whole_document_patch(other); }), 3,
                  "another document than the closed one ended with");
}

TEST(ReplayTest, AJournalThatContinuesAClosedOne) {
  ChainWriter writer;
  const std::string closed = writer.chain().head().record_hash;
  const Version next = writer.write({"tasks/one/percent_complete", "5"});
  JournalRecord record = decode_record(next.record);
  record.patch = parse_json(R"([{"op":"add","path":"","value":)" + compact(next.document->root()) + "}]");
  const std::string line = encode_record(record);
  Replay replay(default_mapping(), ReplayDepth::verified);
  EXPECT_THROW(replay.apply(line), TamperError);
  replay.continue_from(closed);
  replay.apply(line);
  EXPECT_EQ(indented_document(replay.root()), writer.text());
  Replay elsewhere(default_mapping(), ReplayDepth::verified);
  elsewhere.continue_from("another");
  EXPECT_THROW(elsewhere.apply(line), TamperError);
}

}  // namespace
}  // namespace statusfs
