// The lines of a journal from the last to the first, without reading more of it than is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fs/store/local/files.hpp"

namespace statusfs {

class BackwardReader {
 public:
  /// Reads what lies before `end`, which is where a line ends. The file must outlive the reader.
  BackwardReader(File& file, std::uint64_t end) : file_(file), begin_(end) {}

  /// The line before the one that was returned last, without its newline, valid until the next call. Throws
  /// std::system_error.
  std::optional<std::string_view> next();

 private:
  void read_more();

  File& file_;
  std::uint64_t begin_;  ///< where the buffer begins in the file
  std::string buffer_;   ///< up to where the line that was returned last began
  std::string line_;     ///< that line
};

}  // namespace statusfs
