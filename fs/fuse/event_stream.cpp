#include "fs/fuse/event_stream.hpp"

namespace statusfs {
namespace {

// Quotes within a JSON string are escaped, so these bytes can only be the member itself.
constexpr std::string_view patch_member = ",\"patch\":";

std::string public_part(const std::string& record) {
  const std::size_t patch = record.find(patch_member);
  return patch == std::string::npos ? record : record.substr(0, patch) + "}";
}

}  // namespace

void EventStream::append(std::span<const Version> versions) {
  std::string lines;
  for (const Version& version : versions) lines += public_part(version.record) + "\n";
  const std::lock_guard lock(mutex_);
  text_ += lines;
  if (text_.size() <= maximum_stream_size) return;
  text_.erase(0, text_.find('\n', text_.size() / 2) + 1);
}

std::string EventStream::read(std::size_t size, std::uint64_t offset) const {
  const std::lock_guard lock(mutex_);
  return offset < text_.size() ? text_.substr(offset, size) : std::string();
}

std::uint64_t EventStream::size() const {
  const std::lock_guard lock(mutex_);
  return text_.size();
}

std::shared_ptr<EventStream> EventStreams::of(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& stream = streams_[name];
  if (!stream) stream = std::make_shared<EventStream>();
  return stream;
}

void EventStreams::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  streams_.erase(name);
}

}  // namespace statusfs
