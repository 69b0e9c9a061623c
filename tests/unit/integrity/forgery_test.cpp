// An attacker's journal, closed journal, signature or anchor never verifies: 100,000 forgeries, none accepted.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "fs/signing/ed25519.hpp"
#include "fs/store/local/chain_reader.hpp"
#include "fs/store/local/closed_journals.hpp"
#include "fs/store/local/posix_files.hpp"
#include "mapping/chain/verification.hpp"
#include "mapping/rejection.hpp"
#include "tests/unit/integrity/forger.hpp"
#include "tests/unit/signing/new_keys.hpp"
#include "tests/unit/store/chain_maker.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace statusfs {
namespace {

constexpr int forged_journals = 45'000;
constexpr int forged_closed_journals = 15'000;
constexpr int forged_signatures = 20'000;
constexpr int forged_anchors = 20'000;
static_assert(forged_journals + forged_closed_journals + forged_signatures + forged_anchors == 100'000);

// A slow build (see STATUSFS_SLOWNESS in scripts/test) looks for errors of memory, not for forgeries that are accepted.
int rounds_of(int forgeries) {
  const char* factor = std::getenv("STATUSFS_SLOWNESS");
  return forgeries / (factor ? std::max(1, std::atoi(factor)) : 1);
}

constexpr unsigned seed = 20250609;
constexpr char file_id[] = "exec_status_7";

// A chain, the file at its head, and an anchor of one of its lines.
struct Evidence {
  Lines lines;
  std::string json;
  Checkpoint anchor;
};

Evidence evidence_of(ChainMaker& maker, int versions) {
  Evidence evidence;
  evidence.lines.push_back(maker.first().record);
  for (int version = 1; version < versions; ++version) evidence.lines.push_back(maker.next_of_size(20).record);
  evidence.json = maker.text();
  const JournalRecord anchored = decode_record(evidence.lines[evidence.lines.size() / 2]);
  evidence.anchor = {file_id,
                     anchored.version,
                     evidence.lines.size() / 2 + 1,
                     anchored.record_hash,
                     anchored.payload_hash_current,
                     anchored.time,
                     std::nullopt};
  return evidence;
}

// The lines of the text as a journal's reader sees them.
ChainLines whole_lines(std::string_view text) {
  return [text](const std::function<bool(std::string_view)>& visit) {
    std::string_view rest = text;
    for (std::size_t end; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1))
      if (!visit(rest.substr(0, end))) return;
  };
}

class ForgeryTest : public ::testing::Test {
 protected:
  ForgeryTest() : evidence_(evidence_of(maker_, 8)) {
    ChainMaker other;
    for (int version = 0; version < 3; ++version) other.next_of_size(200);
    for (int version = 0; version < 6; ++version) foreign_.push_back(other.next_of_size(20).record);
  }

  bool is_accepted(const std::string& journal, const std::string& json, const std::optional<Checkpoint>& anchor = {}) {
    return verify_chain(maker_.mapping(), {file_id, json, whole_lines(journal), !journal.ends_with('\n'), anchor})
        .is_good();
  }
  std::string journal() const { return joined(evidence_.lines, '\n'); }

  ChainMaker maker_;
  Evidence evidence_;
  Lines foreign_;  // lines of another chain with the same beginning
  Forger forger_{seed};
};

TEST_F(ForgeryTest, Journals) {
  ASSERT_TRUE(is_accepted(journal(), evidence_.json));
  ASSERT_TRUE(is_accepted(journal(), evidence_.json, evidence_.anchor));
  for (int round = 0; round < rounds_of(forged_journals); ++round) {
    std::string forged;
    switch (round % 3) {
      case 0:
        forged = forger_.with_flipped_bit(journal());
        break;
      case 1:
        forged = joined(forger_.with_other_line(evidence_.lines, foreign_), '\n');
        break;
      default:
        forged = joined(forger_.in_other_order(evidence_.lines), '\n');
        break;
    }
    ASSERT_FALSE(is_accepted(forged, evidence_.json)) << "round " << round << ", seed " << seed << "\n" << forged;
  }
}

// Whoever rewrites the whole history, the file included, is found by the anchor alone.
TEST_F(ForgeryTest, RewrittenHistories) {
  for (int round = 1; round <= 50; ++round) {
    ChainMaker liar;
    liar.next_of_size(static_cast<std::size_t>(100 + round));
    const Evidence forged = evidence_of(liar, 12);
    const std::string lines = liar.first().record + "\n";
    ASSERT_FALSE(is_accepted(joined(forged.lines, '\n'), forged.json, evidence_.anchor));
    ASSERT_FALSE(is_accepted(lines, forged.json, evidence_.anchor));
  }
}

class ClosedJournalForgeryTest : public ForgeryTest {
 protected:
  // The first lines in a closed journal, the head once more and whole in the live one.
  void SetUp() override {
    ASSERT_EQ(0, ::mkdir(closed_journal_directory(path_).c_str(), 0700));
    const JournalRecord last = decode_record(evidence_.lines.back());
    JournalRecord next = last;
    next.op = std::string(rotation_op);
    next.patch = whole_document_patch(maker_.document()->root());
    next.record_previous = last.record_hash;
    live_ = encode_record(next) + "\n";
    closed_ = closed_journal_directory(path_) + "/" +
              closed_journal_name(decode_record(evidence_.lines.front()).version, last.version);
  }
  bool is_accepted_with(const std::string& closed_bytes) {
    write_text(closed_, closed_bytes);
    said_.clear();
    const ChainLines lines = [&](const std::function<bool(std::string_view)>& visit) {
      read_chain(files_, path_, live_, 0, [&](std::string_view line) {
        (said_ += line) += '\n';
        return visit(line);
      });
    };
    return verify_chain(maker_.mapping(), {file_id, evidence_.json, lines, false, evidence_.anchor}).is_good();
  }

  PosixFiles files_;
  TemporaryDirectory directory_;
  const std::string path_ = directory_ / "exec_status_7.txt";
  std::string live_, closed_, said_;
};

TEST_F(ClosedJournalForgeryTest, ClosedJournals) {
  const std::string bytes = gzip_compressed(journal());
  ASSERT_TRUE(is_accepted_with(bytes));
  const std::string truth = said_;
  int meaningless = 0;
  for (int round = 0; round < rounds_of(forged_closed_journals); ++round) {
    std::string forged;
    switch (round % 4) {
      case 0:
        forged = forger_.with_flipped_bit(bytes);
        break;
      case 1:
        forged = forger_.cut(bytes);
        break;
      case 2:
        forged = gzip_compressed(joined(forger_.with_other_line(evidence_.lines, foreign_), '\n'));
        break;
      default:
        forged = gzip_compressed(joined(forger_.in_other_order(evidence_.lines), '\n'));
        break;
    }
    if (!is_accepted_with(forged)) continue;
    // Some bits of gzip's frame mean nothing (the time, the padding): what is accepted must say the very same.
    ASSERT_EQ(truth, said_) << "round " << round << ", seed " << seed;
    ASSERT_EQ(0, round % 4);
    ++meaningless;
  }
  EXPECT_LT(meaningless, forged_closed_journals / 100);
  std::cout << meaningless << " flipped bits of gzip's frame meant nothing\n";
}

TEST_F(ForgeryTest, Signatures) {
  const KeyPair pair = new_key_pair(), other = new_key_pair();
  const SigningKey key = SigningKey::of_pem(pair.private_pem, "key");
  const PublicKey open = PublicKey::of_pem(pair.public_pem, "public");
  const std::string& text = evidence_.json;
  const std::string signature = key.sign(text);
  ASSERT_TRUE(open.verifies(text, signature));
  const std::string of_other_key = SigningKey::of_pem(other.private_pem, "other").sign(text);
  for (int round = 0; round < rounds_of(forged_signatures); ++round) {
    std::string forged = signature, changed = text;
    switch (round % 5) {
      case 0:
        forged = forger_.with_flipped_bit(signature);
        break;
      case 1:
        changed = forger_.with_flipped_bit(text);
        break;
      case 2:
        forged = forger_.cut(signature);
        break;
      case 3:
        std::swap(forged[forger_.below(32)], forged[32 + forger_.below(32)]);
        break;
      default:
        forged = of_other_key.substr(0, forger_.below(64) + 1) + signature.substr(0, 64);
        forged.resize(64);
        break;
    }
    if (forged == signature && changed == text) continue;  // two equal bytes were swapped
    ASSERT_FALSE(open.verifies(changed, forged)) << "round " << round << ", seed " << seed;
  }
}

class AnchorForgeryTest : public ForgeryTest {
 protected:
  Lines words(const std::string& line) const {
    Lines words;
    std::istringstream stream(line);
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
  }
  std::string in_words(const Lines& words) const {
    std::string line = joined(words, ' ');
    line.resize(line.size() - 1);
    return line;
  }
  std::string forged(int round, const std::string& line, const Lines& others) {
    switch (round % 3) {
      case 0:
        return forger_.with_flipped_bit(line);
      case 1:
        return in_words(forger_.with_other_line(words(line), others));
      default:
        return in_words(forger_.in_other_order(words(line)));
    }
  }
  bool is_accepted_anchor(const std::string& line, const PublicKey* key) {
    try {
      const Checkpoint anchor = decode_checkpoint(line);
      if (key && !(anchor.signature && key->verifies(signed_part(anchor), *anchor.signature))) return false;
      return is_accepted(journal(), evidence_.json, anchor);
    } catch (const Rejection&) {
      return false;
    }
  }
};

TEST_F(AnchorForgeryTest, Anchors) {
  const KeyPair pair = new_key_pair();
  const SigningKey key = SigningKey::of_pem(pair.private_pem, "key");
  const PublicKey open = PublicKey::of_pem(pair.public_pem, "public");
  Checkpoint anchor = evidence_.anchor;
  const std::string unsigned_line = encode_checkpoint(anchor);
  anchor.signature = key.sign(signed_part(anchor));
  const std::string signed_line = encode_checkpoint(anchor);
  // Words of a true anchor of another line, signed by the same key.
  const JournalRecord last = decode_record(evidence_.lines.back());
  Checkpoint later{
      file_id, last.version, evidence_.lines.size(), last.record_hash, last.payload_hash_current, last.time, {}};
  later.signature = key.sign(signed_part(later));
  const Lines others = words(encode_checkpoint(later));
  ASSERT_TRUE(is_accepted_anchor(unsigned_line, nullptr));
  ASSERT_TRUE(is_accepted_anchor(signed_line, &open));
  ASSERT_FALSE(is_accepted_anchor(unsigned_line, &open));
  for (int round = 0; round < rounds_of(forged_anchors); ++round) {
    const bool is_signed = round % 2 == 1;
    const std::string line = forged(round / 2, is_signed ? signed_line : unsigned_line, others);
    if (!is_signed && line.starts_with(unsigned_line.substr(0, unsigned_line.rfind(' '))))
      continue;  // signed by nobody asked for
    ASSERT_FALSE(is_accepted_anchor(line, is_signed ? &open : nullptr))
        << "round " << round << ", seed " << seed << "\n"
        << line;
  }
}

}  // namespace
}  // namespace statusfs
