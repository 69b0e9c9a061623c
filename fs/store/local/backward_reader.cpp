#include "fs/store/local/backward_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "fs/store/local/last_newline.hpp"

namespace statusfs {
namespace {

constexpr std::uint64_t chunk = 256 * 1024;

}  // namespace

void BackwardReader::read_more() {
  // A line longer than the chunk costs no more than twice its length.
  const std::uint64_t size = std::min(begin_, std::max<std::uint64_t>(chunk, buffer_.size()));
  std::string bytes(size, '\0');
  if (file_.read_at(bytes, begin_ - size) != size)
    throw std::system_error(EIO, std::system_category(), "the journal became shorter while it was read");
  begin_ -= size;
  buffer_.insert(0, bytes);
}

std::optional<std::string_view> BackwardReader::next() {
  for (;;) {
    if (buffer_.empty() && begin_ == 0) return std::nullopt;
    const auto end = last_newline(buffer_);
    if (end != std::string::npos) {
      const auto before = last_newline(std::string_view(buffer_).substr(0, end));
      if (before != std::string::npos || begin_ == 0) {
        const std::size_t start = before == std::string::npos ? 0 : before + 1;
        line_.assign(buffer_, start, end - start);
        buffer_.resize(start);
        return line_;
      }
    } else if (begin_ == 0) {
      return std::nullopt;
    }
    read_more();
  }
}

}  // namespace statusfs
