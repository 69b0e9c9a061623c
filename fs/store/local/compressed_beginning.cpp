#include "fs/store/local/compressed_beginning.hpp"

#include <exception>
#include <functional>
#include <system_error>

#include "fs/store/local/closed_journals.hpp"

namespace statusfs {
namespace {

std::optional<CompressedLines> compressed_lines(Files& files, const std::string& path, const FileStatus& journal,
                                                std::uint64_t end) try {
  const auto file = files.open(path, Files::Open::read);
  if (!file || !file->status().is_same_file(journal)) return std::nullopt;
  std::string lines(end, '\0');
  if (file->read_at(lines, 0) != lines.size()) return std::nullopt;
  return CompressedLines{gzip_compressed(lines), end};
} catch (const std::exception&) {  // then it is done when the journal is closed, which says why it cannot be
  return std::nullopt;
}

}  // namespace

void CompressedBeginning::begin(const std::string& path, const FileStatus& journal, std::uint64_t end) try {
  work_ = std::async(std::launch::async, compressed_lines, std::ref(files_), path, journal, end);
} catch (const std::system_error&) {
}

std::optional<CompressedLines> CompressedBeginning::take() { return work_.valid() ? work_.get() : std::nullopt; }

void CompressedBeginning::drop() noexcept { work_ = {}; }

}  // namespace statusfs
