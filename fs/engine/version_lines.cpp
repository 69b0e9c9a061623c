#include "fs/engine/version_lines.hpp"

#include <limits>
#include <stdexcept>
#include <string>

#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

// Hands on one line a version, none missing, up to a version.
class OncePerVersion {
 public:
  OncePerVersion(std::uint64_t upto, const VersionLine& step) : upto_(upto), step_(step) {}

  /// Whether more lines are wanted.
  bool take(std::string_view line) {
    const auto version = version_of_line(line);
    const bool is_behind_a_gap = version && seen_ && *version > *seen_ + 1;
    if (!version || (is_behind_a_gap && !(may_lack_journals_ && is_rotation_line(line))))
      throw Rejection(Cause::io_failure, "the history lacks a version behind " + std::to_string(seen_.value_or(0)));
    if (seen_ && *version <= *seen_) return true;  // the first line of a journal repeats the last version
    if (*version > upto_) return false;
    seen_ = version;
    step_(line);
    return *version < upto_;
  }

  void let_journals_be_missing() { may_lack_journals_ = true; }

  bool is_complete() const { return seen_ == upto_; }
  std::uint64_t seen() const { return seen_.value_or(0); }
  void expect_behind(std::uint64_t version) { seen_ = version; }

 private:
  const std::uint64_t upto_;
  const VersionLine& step_;
  std::optional<std::uint64_t> seen_;
  bool may_lack_journals_ = false;
};

template <typename Read>
auto told(const Read& read) {
  try {
    return read();
  } catch (const Rejection&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw Rejection(Cause::io_failure, std::string("the history cannot be read: ") + error.what());
  }
}

template <typename Read>
void read_all_versions(OncePerVersion& versions, const Read& read) {
  told([&] { read([&](std::string_view line) { return versions.take(line); }); });
  if (!versions.is_complete())
    throw Rejection(Cause::io_failure, "the history ends at version " + std::to_string(versions.seen()));
}

}  // namespace

void read_versions(Store& store, std::uint64_t after, std::uint64_t upto, const VersionLine& step) {
  OncePerVersion versions(upto, step);
  versions.let_journals_be_missing();
  if (after > 0) versions.expect_behind(after);
  read_all_versions(versions, [&](const auto& visit) { store.read_records(after, visit); });
}

std::uint64_t first_version(Store& store) {
  return told([&] { return store.first_version(); });
}

// The journal may go beyond the version, and is not complete where a line of it is missing.
void read_lines_around(Store& store, std::uint64_t version, const VersionLine& step) {
  OncePerVersion versions(std::numeric_limits<std::uint64_t>::max(), step);
  told([&] { store.read_records_from_whole(version, [&](std::string_view line) { return versions.take(line); }); });
  if (versions.seen() < version)
    throw Rejection(Cause::io_failure, "version " + std::to_string(version) +
                                           " is missing: its journal ends at version " +
                                           std::to_string(versions.seen()));
}

void read_from_whole(Store& store, std::uint64_t version, const VersionLine& step) {
  OncePerVersion versions(version, step);
  read_all_versions(versions, [&](const auto& visit) { store.read_records_from_whole(version, visit); });
}

}  // namespace statusfs
