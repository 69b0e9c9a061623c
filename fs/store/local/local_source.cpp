#include "fs/store/local/local_source.hpp"

#include <algorithm>
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

// A JSON that is missing is rebuilt from its journal, which stands.
std::optional<LocalPlace> of_missing_json(const std::string& path) {
  const filesystem::path named(path);
  const std::string name = named.filename().string();
  std::error_code error;
  if (!stem_of(name) || filesystem::exists(filesystem::symlink_status(named, error))) return std::nullopt;
  if (!filesystem::is_regular_file(journal_of(path), error)) return std::nullopt;
  const filesystem::path directory = filesystem::canonical(filesystem::absolute(named).parent_path(), error);
  return error ? std::nullopt : std::optional(LocalPlace{directory.string(), name});
}

}  // namespace

LocalPlace LocalPlace::of(const std::string& path) {
  if (auto place = of_inner_link(path)) return *place;
  std::error_code error;
  const filesystem::path absolute = filesystem::canonical(path, error);
  const filesystem::file_status status = error ? filesystem::file_status() : filesystem::status(absolute, error);
  if (error == std::errc::no_such_file_or_directory)
    if (auto place = of_missing_json(path)) return *place;
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

// What may be shown under a status file's name. A directory tells what is a regular file without it being looked at. A
// link that leads to something else, or that cannot be followed, is shown as unusable, but one that leads nowhere.
bool may_be_status_file(const filesystem::directory_entry& entry) {
  std::error_code error;
  const auto status = entry.status(error);
  if (filesystem::is_regular_file(status)) return true;
  return status.type() != filesystem::file_type::not_found && entry.is_symlink(error);
}

std::vector<std::string> stems_in(const std::string& directory) {
  std::vector<std::string> stems;
  std::error_code error;
  filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const auto stem = stem_of(without_journal_suffix(name));
    std::error_code vanished;
    if (stem && (stem_of(name) ? may_be_status_file(*entry) : entry->is_regular_file(vanished))) stems.push_back(*stem);
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
  std::error_code error;
  return may_be_status_file(filesystem::directory_entry(path_of(stem), error)) || is_regular(journal_of(path_of(stem)));
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
  if (is_watched_) options.journal_wait = {};
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
