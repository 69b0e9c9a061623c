// What stays of a write that was refused: nothing, also where it ended or replaced what had been written before.
#include "fs/fuse/write_buffer.hpp"

#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

WriteBuffer buffer_of(const std::string& path, bool appends) { return WriteBuffer(node_at(sample(), path), appends); }

std::string requested(WriteBuffer& buffer, std::string_view bytes, std::uint64_t offset = 0) {
  const auto request = buffer.write(bytes, offset);
  return request ? request->text : "nothing";
}

TEST(WriteBufferTest, ARefusedEndOfALogLineLeavesItsBeginning) {
  WriteBuffer log = buffer_of("achievements", true);
  EXPECT_EQ("nothing", requested(log, R"({"achievement_summary": "first ha)"));
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_EQ("{\"achievement_summary\": \"first half and second half\"}\n", requested(log, "lf and second half\"}\n"));
    log.take_back();
  }
  EXPECT_TRUE(log.complaint_at_close());
  EXPECT_TRUE(log.was_refused()) << "the refusal was told last";
}

TEST(WriteBufferTest, ARefusedLineThatBringsTheBeginningOfTheNextIsTakenBackWhole) {
  WriteBuffer log = buffer_of("achievements", true);
  EXPECT_EQ("{\"achievement_summary\": \"a\"}\n", requested(log, "{\"achievement_summary\": \"a\"}\n{\"achi"));
  log.take_back();
  EXPECT_FALSE(log.complaint_at_close());
  EXPECT_EQ("plain\n", requested(log, "plain\n"));
}

TEST(WriteBufferTest, ARefusedWriteFromTheBeginningLeavesWhatWasWritten) {
  WriteBuffer list = buffer_of("summary/active_blockers_summary", false);
  EXPECT_EQ("one\n", requested(list, "one\n"));
  EXPECT_EQ("other\n", requested(list, "other\n"));
  list.take_back();
  EXPECT_EQ("one\ntwo\n", requested(list, "two\n", 4));
  list.take_back();
  EXPECT_EQ("one\nthree\n", requested(list, "three\n", 4));
}

TEST(WriteBufferTest, ARefusedDocumentLeavesTheOneBeforeComplete) {
  WriteBuffer view = buffer_of("tasks/one/task.json", false);
  EXPECT_EQ("{\"a\": 1}", requested(view, "{\"a\": 1}"));
  EXPECT_EQ("{\"a\": 2}", requested(view, "{\"a\": 2}"));
  view.take_back();
  EXPECT_EQ("nothing", requested(view, "\n", 8));
  EXPECT_THROW(view.write("{}", 9), Rejection);
  EXPECT_FALSE(view.complaint_at_close());
}

TEST(WriteBufferTest, ARefusedAppendedWriteLeavesTheBeginningOfItsLine) {
  WriteBuffer list = buffer_of("summary/active_blockers_summary", true);
  EXPECT_EQ("first ha", requested(list, "first ha"));
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto request = list.write("lf\nnext", 0);
    ASSERT_TRUE(request);
    EXPECT_EQ("lf\nnext", request->text);
    EXPECT_EQ("first ha", request->unfinished);
    list.take_back();
  }
  EXPECT_EQ("e", requested(list, "e\xc3"));
  list.take_back();
  EXPECT_EQ("y\n", requested(list, "y\n")) << "no half of a character is left";
}

TEST(WriteBufferTest, ADocumentMayBeWrittenAgainWhereTheFirstWasRefused) {
  WriteBuffer view = buffer_of("tasks/one/task.json", false);
  EXPECT_EQ("nothing", requested(view, "{\"a\":"));
  EXPECT_EQ("{\"a\": 1}", requested(view, " 1}", 5));
  view.take_back();
  EXPECT_EQ("{\"a\": 2}", requested(view, " 2}", 5));
}

// A large document is parsed once its brackets close. Those in strings are none.
TEST(WriteBufferTest, ALargeDocumentIsWholeWhereItsBracketsCloseOutsideOfStrings) {
  const std::string large(64 * 1024, '[');
  for (const std::string& content : {large, large + R"(\")" + large, large + R"(\\)", R"({\"a\":)" + large}) {
    WriteBuffer view = buffer_of("tasks/one/task.json", false);
    const std::string begin = R"({"a": ")" + content, end = R"(", "b": [{}]})";
    EXPECT_EQ("nothing", requested(view, begin));
    EXPECT_TRUE(view.complaint_at_close());
    EXPECT_TRUE(begin + end == requested(view, end, begin.size())) << content.substr(large.size() - 8, 24);
    EXPECT_FALSE(view.complaint_at_close());
  }
}

TEST(WriteBufferTest, ALargeDocumentGoesOnWhereBracketsCloseInAString) {
  WriteBuffer view = buffer_of("tasks/one/task.json", false);
  const std::string begin = R"({"a": ")" + std::string(64 * 1024, 'x') + "}]}]", end = R"("})";
  EXPECT_EQ("nothing", requested(view, begin));
  EXPECT_TRUE(begin + end == requested(view, end, begin.size()));
}

// The text is looked at once, however it is cut.
TEST(WriteBufferTest, ALargeDocumentComesInAnyParts) {
  const std::string text =
      R"({"a": "\\\"}]", "b": [[{"c": "\\\\"}], ")" + std::string(70'000, 'x') + R"("], "d": {"e\"": "{"}})";
  for (const std::size_t size : {std::size_t{97}, std::size_t{1000}, std::size_t{69'999}}) {
    WriteBuffer view = buffer_of("tasks/one/task.json", false);
    std::size_t written = 0;
    for (; written + size < text.size(); written += size)
      ASSERT_EQ("nothing", requested(view, text.substr(written, size), written)) << written;
    EXPECT_TRUE(text == requested(view, text.substr(written), written)) << size;
    // What was refused and is written again is counted anew.
    view.take_back();
    EXPECT_TRUE(text == requested(view, text.substr(written), written)) << size;
    EXPECT_TRUE("{}" == requested(view, "{}", 0));
  }
}

TEST(WriteBufferTest, ALargeLineOfALogIsWholeWhereItsBracketsCloseOutsideOfStrings) {
  WriteBuffer log = buffer_of("achievements", true);
  const std::string begin = R"({"achievement_summary": ")" + std::string(64 * 1024, '{'), end = "\"}";
  EXPECT_EQ("nothing", requested(log, begin));
  EXPECT_TRUE(begin + end == requested(log, end));
}

TEST(WriteBufferTest, WhiteSpaceAloneIsAnsweredWithWhatTheFileTakes) {
  const std::pair<const char*, const char*> files[] = {{"tasks/one/latest_test_status", "a JSON object"},
                                                       {"tasks/one/override", "\"reason\""},
                                                       {"tasks/one/task.json", "a JSON patch (an array)"},
                                                       {"patch", "a JSON patch (an array)"}};
  for (const auto& [path, accepted] : files) {
    WriteBuffer buffer = buffer_of(path, false);
    EXPECT_EQ("nothing", requested(buffer, "  \n"));
    const auto complaint = buffer.complaint_at_close();
    ASSERT_TRUE(complaint) << path;
    EXPECT_NE(std::string::npos, complaint->find(accepted)) << path << ": " << *complaint;
    const bool names_patch = complaint->find("a JSON patch") != std::string::npos;
    EXPECT_EQ(names_patch, std::string(accepted).find("a JSON patch") != std::string::npos) << path;
  }
}

}  // namespace
}  // namespace statusfs
