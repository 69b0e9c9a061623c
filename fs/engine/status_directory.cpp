#include "fs/engine/status_directory.hpp"

#include <algorithm>
#include <iterator>

namespace statusfs {

StatusDirectory::StatusDirectory(StatusSource& source, const EngineContext& context, StatusDirectoryObserver& observer)
    : source_(source), context_(context), observer_(observer) {
  for (const std::string& stem : source_.list()) files_.emplace(stem, open(stem));
}

StatusDirectory::~StatusDirectory() { source_.stop_watching(); }

void StatusDirectory::watch() {
  source_.watch(*this);
  rescan();  // whatever came and went since the files were opened
}

std::shared_ptr<StatusFile> StatusDirectory::open(const std::string& stem) {
  OpenedFile opened = source_.open(stem);
  if (opened.g) context_.counter.raise(*opened.g);
  auto file = std::make_shared<StatusFile>(stem, source_, std::move(opened.store), context_, observer_);
  // What must be recovered, begun or adopted is dealt with before the mount answers; the rest loads on first use.
  if (opened.needs_loading) {
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
  source_.stop_watching();
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

void StatusDirectory::rescan() {
  std::vector<std::string> stems = names();
  std::ranges::copy(source_.list(), std::back_inserter(stems));
  for (const std::string& stem : stems) file_changed(stem);
  for (const auto& file : files()) file->check_plan({});
}

void StatusDirectory::name_changed(const std::string& file_name) {
  if (file_name.empty()) return rescan();
  if (plan_number_of(file_name)) {
    for (const auto& file : files()) file->check_plan(file_name);
  } else if (const auto stem = stem_of(file_name)) {
    file_changed(*stem);
  }
}

void StatusDirectory::connection_lost(const std::string& reason) {
  context_.log("no quorum: " + reason);
  for (const auto& file : files()) file->connection_lost(reason);
}

void StatusDirectory::connection_returned() {
  context_.log("a quorum answers again");
  for (const auto& file : files()) file->connection_returned();
}

void StatusDirectory::outcome_found(const std::string& stem, const std::string& outcome) {
  context_.log(stem + ": " + outcome);
  observer_.outcome_found(stem, outcome);
}

void StatusDirectory::file_changed(const std::string& stem) {
  const std::shared_ptr<StatusFile> known = find(stem);
  if (!source_.has(stem, known && known->is_chained())) {
    if (known) vanished(stem);
  } else if (known) {
    known->check();
  } else {
    appeared(stem);
  }
}

// The kernel may hold inodes of the file for as long as it likes.
void StatusDirectory::vanished(const std::string& stem) {
  const std::shared_ptr<StatusFile> file = find(stem);
  {
    const std::lock_guard lock(mutex_);
    files_.erase(stem);
  }
  if (file) file->retire();
  context_.log(stem + ": the file was removed");
  observer_.file_vanished(stem);
}

void StatusDirectory::appeared(const std::string& stem) {
  try {
    const auto file = open(stem);
    {
      const std::lock_guard lock(mutex_);
      files_.emplace(stem, file);
    }
    observer_.file_appeared(file);
  } catch (const std::exception& error) {
    context_.log(stem + ": cannot be shown: " + error.what());
  }
}

}  // namespace statusfs
