// The worked example of mapping/chain/README.md, computed anew.
#include <sstream>

#include "tests/unit/chain/chain_writer.hpp"
#include "tests/unit/chain/shell_hash.hpp"
#include "tests/unit/schema/test_files.hpp"

namespace statusfs {
namespace {

/// The text of the fenced block with this label behind its language.
std::string block(const std::string& label) {
  const std::string page = text_of(test_data() / "../../mapping/chain/README.md");
  const std::string fence = "```json " + label + "\n";
  const std::size_t opening = page.find(fence);
  EXPECT_NE(opening, std::string::npos) << label;
  const std::size_t begin = opening + fence.size();
  return page.substr(begin, page.find("```\n", begin) - begin);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

MutationStamp example_stamp(std::int64_t g, const std::string& time) {
  return {g, time, {"CODING_ASSISTANT", "BUILDER", 1000, 4711, "0af7651916cd43dd8448eb211c80319c"}};
}

std::vector<std::string> computed_journal(std::string& last_document) {
  const StatusDocument before = document_of(parse_json(block("before")));
  const Version first = begin_chain(before, {"exec_status_125", "exec_plan_125", "", 146},
                                    example_stamp(146, "2025-06-09T12:00:00.000000Z"), "adopt");
  Chain chain(first.document, first.head);
  const Author author = example_stamp(0, "").author;
  const Proposal proposal =
      propose(*chain.document(),
              {WriteRequest::Kind::set, node_at(*chain.document(), "tasks/build/percent_complete"), "40\n"}, {author});
  const Version second = chain.append(proposal, example_stamp(147, "2025-06-09T12:00:05.000000Z"));
  last_document = indented_document(second.document->root());
  return {first.record, second.record};
}

TEST(ReadmeTest, TheExampleIsWhatTheCodeWrites) {
  std::string document;
  const std::vector<std::string> journal = computed_journal(document);
  EXPECT_EQ(lines_of(block("journal")), journal);
  EXPECT_EQ(block("after"), document);
}

TEST(ReadmeTest, TheExampleReplays) {
  const Replay replay = replayed(lines_of(block("journal")));
  EXPECT_EQ(replay.lines(), 2u);
  EXPECT_EQ(indented_document(replay.root()), block("after"));
  EXPECT_EQ(replay.last().size, block("after").size());
}

TEST(ReadmeTest, TheShellAgreesWithTheExample) {
  const StatusDocument document = document_of(parse_json(block("after")));
  EXPECT_TRUE(verify_hashes(document).empty());
  const TextFile file(block("after"));
  EXPECT_EQ(payload_hash_by_jq(file), document.root().find("payload")->find("payload_hash_current")->as_string());
  EXPECT_EQ(signature_hash_by_jq(file, 0), document.task(0).find("signature_hash")->as_string());
}

TEST(ReadmeTest, TheCanonicalFormsAreThoseThatAreHashed) {
  const StatusDocument document = document_of(parse_json(block("after")));
  const auto hash = [](std::string text) {
    EXPECT_EQ(text.back(), '\n');
    text.pop_back();
    return "sha256:" + sha256_hex(text);
  };
  EXPECT_EQ(hash(block("task-hashed")), document.task(0).find("signature_hash")->as_string());
  EXPECT_EQ(hash(block("payload-hashed")), document.root().find("payload")->find("payload_hash_current")->as_string());
}

TEST(ReadmeTest, ARecordsHashIsOverTheLineBeforeIt) {
  for (const std::string& line : lines_of(block("journal"))) {
    const std::size_t end = line.rfind(R"(,"record_hash":)");
    EXPECT_TRUE(line.ends_with(sha256_hex(line.substr(0, end)) + "\"}"));
  }
}

}  // namespace
}  // namespace statusfs
