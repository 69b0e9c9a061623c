#include "fs/store/local/local_source.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "fs/store/local/local_store.hpp"
#include "fs/store/local/plan_reader.hpp"

namespace statusfs {
namespace {

namespace filesystem = std::filesystem;

bool is_regular(const std::string& path) {
  std::error_code error;
  return filesystem::is_regular_file(filesystem::status(path, error));
}

// Of what cannot be opened nothing is waited for: whoever uses it says why.
bool ends_in_newline(Files& files, const std::string& path) try {
  const auto file = files.open(path, Files::Open::read);
  const std::uint64_t size = file ? file->status().size : 0;
  char last = 0;
  return size > 0 && file->read_at({&last, 1}, size - 1) == 1 && last == '\n';
} catch (const std::system_error&) {
  return true;
}

// Somebody may be copying it in place: what was written less than a second ago.
bool is_being_written(Files& files, const std::string& path) {
  const auto status = files.status(path);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return status && now - std::chrono::nanoseconds(status->modified_ns) < std::chrono::seconds(1);
}

// A link of a status file's name that stays inside its directory is that status file, as in a directory that is
// mounted.
std::optional<LocalPlace> of_inner_link(const filesystem::path& link) {
  std::error_code error;
  if (!filesystem::is_symlink(filesystem::symlink_status(link, error)) || !stem_of(link.filename().string()))
    return std::nullopt;
  const filesystem::path directory = filesystem::canonical(filesystem::absolute(link).parent_path(), error);
  const filesystem::path target = filesystem::canonical(link, error);
  if (error || !filesystem::is_regular_file(target, error)) return std::nullopt;
  const auto [end, rest] = std::mismatch(directory.begin(), directory.end(), target.begin(), target.end());
  if (end != directory.end()) return std::nullopt;
  return LocalPlace{directory.string(), link.filename().string()};
}

}  // namespace

LocalPlace LocalPlace::of(const std::string& path) {
  if (auto place = of_inner_link(path)) return *place;
  std::error_code error;
  const filesystem::path absolute = filesystem::canonical(path, error);
  const filesystem::file_status status = error ? filesystem::file_status() : filesystem::status(absolute, error);
  if (error) throw std::runtime_error(path + ": " + error.message());
  if (filesystem::is_directory(status)) return {absolute.string(), std::nullopt};
  const std::string name = absolute.filename().string();
  if (!filesystem::is_regular_file(status) || !stem_of(name))
    throw std::runtime_error(path + ": is neither a directory nor a status file (exec_status_<g>.txt)");
  return {absolute.parent_path().string(), name};
}

std::string LocalPlace::path() const { return only_file ? directory + "/" + *only_file : directory; }

LocalSource::LocalSource(LocalPlace place, std::shared_ptr<const Mapping> mapping, bool read_only,
                         std::shared_ptr<const SigningKey> signing_key)
    : place_(std::move(place)),
      mapping_(std::move(mapping)),
      read_only_(read_only),
      signing_key_(std::move(signing_key)) {}

// A directory tells what is a regular file without it being looked at; what else may be one is a link.
std::vector<std::string> stems_in(const std::string& directory) {
  std::vector<std::string> stems;
  std::error_code error;
  filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != filesystem::directory_iterator(); entry.increment(error)) {
    const auto stem = stem_of(without_journal_suffix(entry->path().filename().string()));
    std::error_code vanished;
    if (stem && entry->is_regular_file(vanished)) stems.push_back(*stem);
  }
  if (error) throw std::runtime_error(directory + ": " + error.message());
  std::ranges::sort(stems);
  stems.erase(std::unique(stems.begin(), stems.end()), stems.end());
  return stems;
}

std::vector<std::string> LocalSource::list() {
  std::vector<std::string> stems = stems_in(place_.directory);
  if (place_.only_file) std::erase_if(stems, [&](const auto& stem) { return file_name_of(stem) != *place_.only_file; });
  return stems;
}

bool LocalSource::has(const std::string& stem) {
  return is_regular(path_of(stem)) || is_regular(journal_of(path_of(stem)));
}

bool LocalSource::is_complete(const std::string& stem) {
  return is_regular(path_of(stem)) && is_regular(journal_of(path_of(stem)));
}

// What is copied in place ends somewhere in a line until it is all there.
bool LocalSource::has_arrived(const std::string& stem) {
  const std::string path = path_of(stem);
  return ends_in_newline(posix_files_, path) && ends_in_newline(posix_files_, journal_of(path));
}

OpenedFile LocalSource::open(const std::string& stem) {
  LocalOptions options;
  options.read_only = read_only_;
  options.signing_key = signing_key_;
  options.closed_texts = closed_texts_;
  if (is_watched_) {
    options.journal_wait = {};
    // A tail that is torn now would be cut off under the hands of whoever writes it.
    if (!has_arrived(stem) && is_being_written(posix_files_, journal_of(path_of(stem))))
      throw std::runtime_error(journal_of(path_of(stem)) + " is being written by another program");
  }
  auto store = std::make_unique<LocalStore>(path_of(stem), mapping_, posix_files_, options);
  const Probe probe = store->probe();
  OpenedFile opened;
  opened.store = std::move(store);
  if (probe.head) opened.g = probe.head->g;
  opened.needs_loading = !probe.looks_current;
  return opened;
}

PlanReading LocalSource::read_plan(const std::string& file_name) {
  return read_plan_file(place_.directory + "/" + file_name);
}

void LocalSource::watch(StatusSourceObserver& observer) {
  is_watched_ = true;
  watch_ = std::make_unique<DirectoryWatch>(place_.directory, [this, &observer](const std::string& changed) {
    const std::string name = without_journal_suffix(changed);
    if (place_.only_file && stem_of(name) && name != *place_.only_file) return;
    observer.name_changed(name);
  });
}

}  // namespace statusfs
