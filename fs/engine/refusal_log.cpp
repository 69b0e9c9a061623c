#include "fs/engine/refusal_log.hpp"

#include <algorithm>
#include <string_view>

#include "mapping/document/utf8.hpp"

namespace statusfs {
namespace {

void append_encoded(std::string& text, unsigned char byte) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  text += {'%', digits[byte >> 4], digits[byte & 15]};
}

// What a writer can choose (a path, a value that is quoted) must not start a line of its own. A file's name may be no
// text: its bytes are shown as in the names of the tree, for whoever reads the lines as UTF-8.
std::string on_one_line(std::string_view text) {
  std::string line;
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const std::size_t length = utf8_sequence_length(text);
    if (length == 0)
      append_encoded(line, byte);
    else if (byte < 0x20 || byte == 0x7F)
      line += '?';
    else
      line += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return line;
}

std::string line_of(const Refusal& refusal) {
  return refusal.time + ' ' + refusal.errno_name + ' ' + on_one_line(refusal.path) +
         " persona=" + on_one_line(refusal.persona) + " uid=" + std::to_string(refusal.uid) +
         " pid=" + std::to_string(refusal.pid) + ": " + on_one_line(refusal.message) + '\n';
}

// The messages quote what was written, and 256 of them are kept.
std::string cut(std::string text) {
  if (text.size() <= RefusalLog::longest_message) return text;
  return std::string(utf8_prefix(text, RefusalLog::longest_message)) + "...";
}

}  // namespace

void RefusalLog::remember_last(const Refusal& refusal) {
  last_[{refusal.uid, refusal.session}] = {next_number_++, line_of(refusal)};
  if (last_.size() <= most_sessions) return;
  last_.erase(std::ranges::min_element(last_, {}, [](const auto& entry) { return entry.second.number; }));
}

void RefusalLog::add(Refusal refusal) {
  refusal.message = cut(std::move(refusal.message));
  const std::lock_guard lock(mutex_);
  if (refusal.errno_name != warning) remember_last(refusal);
  if (refusals_.size() == capacity) refusals_.pop_front();
  refusals_.push_back(std::move(refusal));
}

std::string RefusalLog::text() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const Refusal& refusal : refusals_) text += line_of(refusal);
  return text;
}

std::string RefusalLog::last_of(uid_t uid, pid_t session) const {
  const std::lock_guard lock(mutex_);
  const auto found = last_.find({uid, session});
  return found == last_.end() ? std::string() : found->second.line;
}

}  // namespace statusfs
