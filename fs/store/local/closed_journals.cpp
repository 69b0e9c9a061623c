#include "fs/store/local/closed_journals.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "fs/store/local/side_file.hpp"
#include "mapping/chain/verification.hpp"

namespace statusfs {
namespace {

constexpr std::string_view suffix = ".jsonl.gz";
constexpr int fastest = 1;  // of libdeflate's levels

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<ClosedJournal> closed_journal(const std::string& directory, const std::string& name) {
  const std::size_t dash = name.find('-');
  if (!name.ends_with(suffix) || dash == std::string::npos) return std::nullopt;
  const auto first = number(std::string_view(name).substr(0, dash));
  const auto last = number(std::string_view(name).substr(dash + 1, name.size() - suffix.size() - dash - 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return ClosedJournal{*first, *last, directory + "/" + name};
}

// The size of the text in the last member of a gzip file (RFC 1952, section 2.3.1), as far as the file's size lets that
// be true: mostly it is the only one.
std::size_t size_of_last_text(std::string_view bytes) {
  constexpr std::size_t field = 4, best_ratio = 1032;
  if (bytes.size() < field) return 0;
  std::size_t size = 0;
  for (std::size_t at = 1; at <= field; ++at) size = size << 8 | static_cast<unsigned char>(bytes[bytes.size() - at]);
  return std::min(size, bytes.size() * best_ratio);
}

// How much all texts take is written nowhere. Journals become less than half as long; where the last text would not,
// there is another before it, as a rotation makes one that is seven times as long.
std::size_t likely_size(std::string_view bytes) {
  constexpr std::size_t least_ratio = 2, with_those_before = 9;
  const std::size_t last = size_of_last_text(bytes);
  return last < least_ratio * bytes.size() ? with_those_before * last : last;
}

struct LibdeflateDeleter {
  void operator()(libdeflate_decompressor* one) const noexcept { libdeflate_free_decompressor(one); }
  void operator()(libdeflate_compressor* one) const noexcept { libdeflate_free_compressor(one); }
};

// Nothing when the bytes are no whole gzip file, of one or several members.
std::optional<std::string> gzip_decompressed(std::string_view bytes) {
  const std::unique_ptr<libdeflate_decompressor, LibdeflateDeleter> decompressor(libdeflate_alloc_decompressor());
  if (!decompressor) throw std::bad_alloc();
  std::string text(likely_size(bytes), '\0');
  std::size_t length = 0;
  do {
    std::size_t read = 0, written = 0;
    const auto result = libdeflate_gzip_decompress_ex(decompressor.get(), bytes.data(), bytes.size(),
                                                      text.data() + length, text.size() - length, &read, &written);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      text.resize(2 * text.size() + bytes.size());
      continue;
    }
    if (result != LIBDEFLATE_SUCCESS) return std::nullopt;
    bytes.remove_prefix(read);
    length += written;
  } while (!bytes.empty());
  text.resize(length);
  if (text.capacity() > length + length / 4) text.shrink_to_fit();  // it may be kept for long
  return text;
}

}  // namespace

std::string closed_journal_name(std::uint64_t first, std::uint64_t last) {
  return std::to_string(first) + "-" + std::to_string(last) + std::string(suffix);
}

std::vector<ClosedJournal> closed_journals(Files& files, const std::string& path, std::uint64_t first_of_live) {
  std::vector<ClosedJournal> journals;
  const std::string directory = closed_journal_directory(path);
  for (const std::string& name : files.names_in(directory)) {
    const auto journal = closed_journal(directory, name);
    if (journal && journal->first < first_of_live) journals.push_back(*journal);
  }
  std::ranges::sort(journals, {}, [](const ClosedJournal& journal) { return std::pair(journal.first, journal.last); });
  return journals;
}

std::uint64_t line_count(const std::vector<ClosedJournal>& journals) {
  std::uint64_t count = 0;
  for (const ClosedJournal& journal : journals) count += journal.last - journal.first + 1;
  return count;
}

std::string read_closed_journal(Files& files, const ClosedJournal& journal) try {
  const auto file = files.open(journal.path, Files::Open::read);
  if (!file) throw UnreadableLines(journal.first, journal.path + " is missing");
  auto text = gzip_decompressed(read_all(*file));
  if (!text) throw UnreadableLines(journal.first, journal.path + " is damaged: it is no whole gzip file");
  return *std::move(text);
} catch (const std::system_error& error) {
  throw UnreadableLines(journal.first, error.what());
}

void remove_unfinished_closing(Files& files, const std::string& path) {
  const std::string directory = closed_journal_directory(path);
  const std::string beginning = directory + "/";
  for (const std::string& name : files.names_in(directory))
    if (is_temporary_name(name)) files.unlink(beginning + name);
}

// Fast rather than small: writers wait meanwhile.
std::string gzip_compressed(std::string_view text) {
  const std::unique_ptr<libdeflate_compressor, LibdeflateDeleter> compressor(libdeflate_alloc_compressor(fastest));
  if (!compressor) throw std::bad_alloc();
  std::string bytes(libdeflate_gzip_compress_bound(compressor.get(), text.size()), '\0');
  bytes.resize(libdeflate_gzip_compress(compressor.get(), text.data(), text.size(), bytes.data(), bytes.size()));
  if (bytes.empty()) throw std::runtime_error("compressing failed");
  return bytes;
}

}  // namespace statusfs
