// Scratch files: names in the tree that the mapping does not know, made by programs that save by rename.
//
// They live in memory alone, are never part of the JSON, and are gone when they are removed or unmounted.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace statusfs {

inline constexpr std::size_t maximum_scratch_size = 1024 * 1024;  ///< bytes of one scratch file
inline constexpr std::size_t maximum_scratch_files = 64;          ///< names in one mount

struct ScratchAttributes {
  uid_t owner = 0;
  gid_t group = 0;
  mode_t mode = 0;  ///< permission bits
  std::chrono::system_clock::time_point modified;
};

/// Thread safety: any thread.
class ScratchFile {
 public:
  /// `id` tells scratch files of one name apart. `path` is where it was made; it may have been moved since.
  ScratchFile(std::uint64_t id, std::string path, const ScratchAttributes& attributes,
              std::shared_ptr<std::atomic<std::size_t>> count);
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  std::uint64_t id() const noexcept { return id_; }
  const std::string& path() const noexcept { return path_; }
  /// st_ino: of this file alone, wherever it is moved.
  std::uint64_t number() const noexcept;

  bool has_name() const noexcept { return has_name_; }
  /// Nobody finds it any more but who has it open.
  void lose_name() noexcept { has_name_ = false; }

  std::string read(std::size_t size, std::uint64_t offset) const;
  std::uint64_t size() const;
  ScratchAttributes attributes() const;
  void set_attributes(const ScratchAttributes& attributes);

  /// Each throws Rejection(too_large), or Rejection(stale) once the file becomes the value of a field.
  void write(std::string_view bytes, std::uint64_t offset);
  void append(std::string_view bytes);
  void resize(std::uint64_t size);

  /// It is being renamed over a field, which gets the returned text: what is written to it from now on would reach
  /// nobody.
  std::string retire();
  /// It was not.
  void revive();

 private:
  void require_room(std::uint64_t size) const;
  void touch() { attributes_.modified = std::chrono::system_clock::now(); }

  const std::uint64_t id_;
  const std::string path_;
  const std::shared_ptr<std::atomic<std::size_t>> count_;  // of the scratch files that live
  std::atomic<bool> has_name_ = true;

  mutable std::mutex mutex_;  // guards all below; innermost
  std::string bytes_;
  ScratchAttributes attributes_;
  bool is_retired_ = false;
};

/// The scratch files of a mount by their paths. Thread safety: any thread.
class ScratchTable {
 public:
  /// Throws Rejection(exists) where the name is taken, Rejection(no_space) where there are too many.
  std::shared_ptr<ScratchFile> create(const std::string& path, const ScratchAttributes& attributes);
  /// nullptr where there is none.
  std::shared_ptr<ScratchFile> find(const std::string& path) const;
  /// Another scratch file at `to` is dropped.
  void move(const std::string& from, const std::string& to);
  void remove(const std::string& path);
  /// All in a directory that is gone.
  void remove_below(const std::string& directory);
  /// Those directories at or below this one that hold some.
  std::set<std::string> directories_below(const std::string& directory) const;
  /// Names and files directly in a directory.
  std::vector<std::pair<std::string, std::shared_ptr<ScratchFile>>> list(const std::string& directory) const;

 private:
  std::string places() const;

  mutable std::mutex mutex_;  // guards all below; innermost
  std::map<std::string, std::shared_ptr<ScratchFile>> files_;
  std::uint64_t next_id_ = 1;
  const std::shared_ptr<std::atomic<std::size_t>> count_ = std::make_shared<std::atomic<std::size_t>>(0);
};

}  // namespace statusfs
