#include "fs/engine/status_directory.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "fs/store/local/local_store.hpp"

namespace statusfs {
namespace {

namespace filesystem = std::filesystem;

constexpr std::string_view prefix = "exec_status_";
constexpr std::string_view suffix = ".txt";
constexpr std::string_view journal_suffix = ".journal";
constexpr std::chrono::milliseconds time_to_remove_the_rest(1000);

bool is_regular(const std::string& path) {
  std::error_code error;
  return filesystem::is_regular_file(filesystem::status(path, error));
}

}  // namespace

std::optional<std::string> stem_of(std::string_view file_name) {
  const bool matches = file_name.size() > prefix.size() + suffix.size() && file_name.starts_with(prefix) &&
                       file_name.ends_with(suffix);
  if (!matches) return std::nullopt;
  return std::string(file_name.substr(0, file_name.size() - suffix.size()));
}

Source Source::of(const std::string& path) {
  std::error_code error;
  const filesystem::path absolute = filesystem::canonical(path, error);
  if (error) throw std::runtime_error(path + ": " + error.message());
  if (filesystem::is_directory(absolute)) return {absolute.string(), std::nullopt};
  const std::string name = absolute.filename().string();
  if (!filesystem::is_regular_file(absolute) || !stem_of(name))
    throw std::runtime_error(path + ": is neither a directory nor a status file (exec_status_<g>.txt)");
  return {absolute.parent_path().string(), name};
}

StatusDirectory::StatusDirectory(Source source, const EngineContext& context, StatusDirectoryObserver& observer)
    : source_(std::move(source)), context_(context), observer_(observer) {
  for (const std::string& stem : scan()) files_.emplace(stem, open(stem));
}

StatusDirectory::~StatusDirectory() { watch_.reset(); }

void StatusDirectory::watch() {
  watch_ = std::make_unique<DirectoryWatch>(source_.directory, [this](const std::string& name) { changed(name); });
  rescan();  // whatever came and went since the files were opened
}

// A JSON that is missing while its journal stands is rebuilt, so the journal's name counts, too.
std::vector<std::string> StatusDirectory::scan() const {
  std::vector<std::string> stems;
  for (const auto& entry : filesystem::directory_iterator(source_.directory)) {
    std::string name = entry.path().filename().string();
    if (name.ends_with(journal_suffix)) name.resize(name.size() - journal_suffix.size());
    if (source_.only_file && name != *source_.only_file) continue;
    const auto stem = stem_of(name);
    if (stem && is_there(*stem)) stems.push_back(*stem);
  }
  std::ranges::sort(stems);
  stems.erase(std::unique(stems.begin(), stems.end()), stems.end());
  return stems;
}

bool StatusDirectory::is_there(const std::string& stem) const {
  return is_regular(path_of(stem)) || is_regular(path_of(stem) + std::string(journal_suffix));
}

bool StatusDirectory::is_complete(const std::string& stem) const {
  return is_regular(path_of(stem)) && is_regular(path_of(stem) + std::string(journal_suffix));
}

std::shared_ptr<StatusFile> StatusDirectory::open(const std::string& stem) {
  LocalOptions options;
  options.read_only = context_.read_only;
  options.signing_key = context_.signing_key;
  auto store = std::make_unique<LocalStore>(path_of(stem), context_.mapping, posix_files_, options);
  const Probe probe = store->probe();
  if (probe.head) context_.counter.raise(probe.head->g);
  auto file = std::make_shared<StatusFile>(stem, source_.directory, std::move(store), context_, observer_);
  // What must be recovered, begun or adopted is dealt with before the mount answers; the rest loads on first use.
  if (!probe.looks_current) {
    const auto state = file->state();
    context_.counter.raise(largest_g_in(*state));
  }
  return file;
}

std::vector<std::string> StatusDirectory::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, file] : files_) names.push_back(name);
  return names;
}

std::shared_ptr<StatusFile> StatusDirectory::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<StatusFile>> StatusDirectory::files() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<StatusFile>> result;
  for (const auto& [name, file] : files_) result.push_back(file);
  return result;
}

void StatusDirectory::drain() {
  watch_.reset();
  for (const auto& file : files()) file->drain();
}

void StatusDirectory::settle() {
  std::optional<Rejection> failure;
  for (const auto& file : files()) {
    try {
      file->settle();
    } catch (const Rejection& rejection) {
      if (!failure) failure = rejection;
    }
  }
  if (failure) throw *failure;
}

// The watch names nothing when it lost count of the changes.
void StatusDirectory::rescan() {
  std::vector<std::string> stems = names();
  std::ranges::copy(scan(), std::back_inserter(stems));
  for (const std::string& stem : stems) changed(stem + std::string(suffix));
  for (const auto& file : files()) file->check_plan({});
}

void StatusDirectory::changed(const std::string& file_name) {
  if (file_name.empty()) return rescan();
  if (plan_number_of(file_name)) {
    for (const auto& file : files()) file->check_plan(file_name);
    return;
  }
  std::string json_name = file_name;
  if (json_name.ends_with(journal_suffix)) json_name.resize(json_name.size() - journal_suffix.size());
  if (source_.only_file && json_name != *source_.only_file) return;
  const auto stem = stem_of(json_name);
  if (!stem) return;
  const std::shared_ptr<StatusFile> known = find(*stem);
  // Whoever removes a file removes what belongs to it one after another; a missing part is mended only if the rest stays.
  if (known && known->is_chained() && !is_complete(*stem)) std::this_thread::sleep_for(time_to_remove_the_rest);
  if (!is_there(*stem)) {
    if (known) vanished(*stem);
  } else if (known) {
    known->check();
  } else {
    appeared(*stem);
  }
}

void StatusDirectory::vanished(const std::string& stem) {
  {
    const std::lock_guard lock(mutex_);
    files_.erase(stem);
  }
  observer_.file_vanished(stem);
}

void StatusDirectory::appeared(const std::string& stem) {
  try {
    auto file = open(stem);
    {
      const std::lock_guard lock(mutex_);
      files_.emplace(stem, std::move(file));
    }
    observer_.file_appeared(stem);
  } catch (const std::exception& error) {
    context_.log(stem + ": cannot be shown: " + error.what());
  }
}

}  // namespace statusfs
