// The lines of a journal, in order, without reading all of it into memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fs/store/local/files.hpp"

namespace statusfs {

class JournalReader {
 public:
  /// Reads up to `end`, which is where a line ends. The file must outlive the reader.
  JournalReader(File& file, std::uint64_t end) : file_(file), end_(end) {}

  /// The next line without its newline, valid until the next call; nothing after the last one.
  std::optional<std::string_view> next();

 private:
  bool fill();

  File& file_;
  std::uint64_t end_;
  std::uint64_t offset_ = 0;  ///< of what was not read yet
  std::string buffer_;
  std::size_t used_ = 0;  ///< bytes of the buffer that were handed out
};

/// The last line before `end`, which is where a line ends, without its newline. Nothing when there is none.
std::optional<std::string> read_last_line(File& file, std::uint64_t end);

/// The end of a journal, as it is looked at first.
struct JournalEnd {
  std::uint64_t end = 0;                 ///< where its last whole line ends: behind the last newline, 0 without one
  std::optional<std::string> last_line;  ///< that line, without its newline, where it was seen as a whole
  std::string part_of_line;              ///< its last bytes otherwise, without its newline
};
JournalEnd look_at_end(File& file, std::uint64_t size);

}  // namespace statusfs
