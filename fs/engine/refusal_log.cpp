#include "fs/engine/refusal_log.hpp"

#include <algorithm>

namespace statusfs {
namespace {

// What a writer can choose (a path, a value that is quoted) must not start a line of its own.
std::string on_one_line(std::string text) {
  std::replace_if(text.begin(), text.end(), [](unsigned char byte) { return byte < 0x20 || byte == 0x7F; }, '?');
  return text;
}

std::string line_of(const Refusal& refusal) {
  return refusal.time + ' ' + refusal.errno_name + ' ' + on_one_line(refusal.path) + " persona=" +
         on_one_line(refusal.persona) + " uid=" + std::to_string(refusal.uid) + " pid=" + std::to_string(refusal.pid) +
         ": " + on_one_line(refusal.message) + '\n';
}

}  // namespace

void RefusalLog::add(Refusal refusal) {
  const std::lock_guard lock(mutex_);
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
  const auto found = std::find_if(refusals_.rbegin(), refusals_.rend(), [&](const Refusal& refusal) {
    return refusal.uid == uid && refusal.session == session && refusal.errno_name != warning;
  });
  return found == refusals_.rend() ? std::string() : line_of(*found);
}

}  // namespace statusfs
