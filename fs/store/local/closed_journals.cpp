#include "fs/store/local/closed_journals.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>

#include "fs/store/local/side_file.hpp"

namespace statusfs {
namespace {

constexpr std::string_view suffix = ".jsonl.gz";
constexpr int gzip_window = 15 + 16;  // the largest window, and gzip's header instead of zlib's

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

class Inflater {
 public:
  Inflater() {
    if (inflateInit2(&stream_, gzip_window) != Z_OK) throw std::runtime_error("no memory to decompress");
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Nothing when the bytes are no whole gzip file.
  std::optional<std::string> text_of(std::string& bytes) {
    stream_.next_in = reinterpret_cast<Bytef*>(bytes.data());
    stream_.avail_in = static_cast<uInt>(bytes.size());
    std::string text;
    std::array<char, 65536> buffer;
    int result = Z_OK;
    while (result == Z_OK) {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream_.avail_out = static_cast<uInt>(buffer.size());
      result = inflate(&stream_, Z_NO_FLUSH);
      text.append(buffer.data(), buffer.size() - stream_.avail_out);
    }
    if (result != Z_STREAM_END || stream_.avail_in != 0) return std::nullopt;
    return text;
  }

 private:
  z_stream stream_{};
};

}  // namespace

std::string closed_journal_directory(const std::string& path) { return path + ".journal.d"; }

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

std::string read_closed_journal(Files& files, const ClosedJournal& journal) {
  const auto file = files.open(journal.path, Files::Open::read);
  if (!file) throw std::runtime_error(journal.path + " is missing");
  std::string bytes = read_all(*file);
  const auto text = Inflater().text_of(bytes);
  if (!text) throw std::runtime_error(journal.path + " is damaged: it is no whole gzip file");
  return *text;
}

void remove_unfinished_closing(Files& files, const std::string& path) {
  const std::string directory = closed_journal_directory(path);
  for (const std::string& name : files.names_in(directory))
    if (is_temporary_name(name)) files.unlink(directory + "/" + name);
}

// Fast rather than small: writers wait meanwhile.
std::string gzip_compressed(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("no memory to compress");
  std::string bytes(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  const int result = deflate(&stream, Z_FINISH);
  bytes.resize(bytes.size() - stream.avail_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) throw std::runtime_error("compressing failed");
  return bytes;
}

}  // namespace statusfs
