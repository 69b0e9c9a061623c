#include "fs/engine/refusal_log.hpp"

#include <algorithm>

#include "mapping/document/utf8.hpp"

namespace statusfs {
namespace {

// What a writer can choose (a path, a value that is quoted) must not start a line of its own.
std::string on_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char byte) { return byte < 0x20 || byte == 0x7F; }, '?');
  return text;
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
