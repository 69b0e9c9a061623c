#include "mapping/chain/checkpoint.hpp"

#include <charconv>
#include <vector>

#include "mapping/rejection.hpp"
#include "mapping/tree/names.hpp"

namespace statusfs {
namespace {

constexpr std::string_view title = "statusfs-checkpoint-1";
constexpr std::string_view unsigned_mark = "unsigned";
constexpr std::string_view signature_mark = "ed25519:";
constexpr std::size_t word_count = 8;
constexpr char digits[] = "0123456789abcdef";

[[noreturn]] void refuse(const std::string& reason) {
  throw Rejection(Cause::invalid, "not a checkpoint as statusfs anchor prints it: " + reason);
}

std::string encoded_id(const std::string& id) {
  std::string text;
  for (const char byte : encode_uncut(id)) text += byte == ' ' ? std::string("%20") : std::string(1, byte);
  return text;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t blank = line.find(' ');
    words.push_back(line.substr(0, blank));
    if (blank == std::string_view::npos) return words;
    line.remove_prefix(blank + 1);
  }
}

std::uint64_t number(std::string_view word) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || error != std::errc() || end != word.data() + word.size()) refuse("a number is missing");
  return value;
}

std::string hexadecimal(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4];
    text += digits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

std::optional<std::string> signature_in(std::string_view word) {
  if (word == unsigned_mark) return std::nullopt;
  if (!word.starts_with(signature_mark)) refuse("it ends neither in unsigned nor in a signature");
  word.remove_prefix(signature_mark.size());
  std::string bytes;
  for (std::size_t position = 0; position + 1 < word.size(); position += 2) {
    const std::size_t high = std::string_view(digits).find(word[position]);
    const std::size_t low = std::string_view(digits).find(word[position + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) refuse("its signature is not in hex");
    bytes += static_cast<char>(high * 16 + low);
  }
  if (word.size() != 128) refuse("its signature has not 128 digits");
  return bytes;
}

}  // namespace

std::string signed_part(const Checkpoint& checkpoint) {
  return std::string(title) + " " + encoded_id(checkpoint.file_id) + " " + std::to_string(checkpoint.version) + " " +
         std::to_string(checkpoint.lines) + " " + checkpoint.record_hash + " " + checkpoint.payload_hash + " " +
         checkpoint.time;
}

std::string encode_checkpoint(const Checkpoint& checkpoint) {
  return signed_part(checkpoint) + " " +
         (checkpoint.signature ? std::string(signature_mark) + hexadecimal(*checkpoint.signature)
                               : std::string(unsigned_mark));
}

Checkpoint decode_checkpoint(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  const auto words = words_of(line);
  if (words.size() != word_count || words.front() != title) refuse("it has not the eight words of one");
  Checkpoint checkpoint;
  checkpoint.file_id = decode_name(words[1]).value_or(std::string());
  checkpoint.version = number(words[2]);
  checkpoint.lines = number(words[3]);
  // No line would be compared with it.
  if (checkpoint.lines == 0) refuse("lines are counted from 1");
  checkpoint.record_hash = std::string(words[4]);
  checkpoint.payload_hash = std::string(words[5]);
  checkpoint.time = std::string(words[6]);
  checkpoint.signature = signature_in(words[7]);
  if (encode_checkpoint(checkpoint) != line) refuse("it is written in another way");
  return checkpoint;
}

std::optional<std::string> contradiction(const Checkpoint& checkpoint, const JournalRecord& record) {
  if (record.record_hash != checkpoint.record_hash)
    return "has the record_hash " + record.record_hash + ", and the anchor says " + checkpoint.record_hash;
  if (record.version != checkpoint.version)
    return "is version " + std::to_string(record.version) + ", and the anchor says " +
           std::to_string(checkpoint.version);
  if (record.payload_hash_current != checkpoint.payload_hash) return "has another payload hash than the anchor says";
  if (record.time != checkpoint.time) return "has another time than the anchor says";
  return std::nullopt;
}

}  // namespace statusfs
