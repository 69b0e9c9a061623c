#include "fs/store/local/side_file.hpp"

#include <cerrno>
#include <system_error>

#include "fs/store/file_names.hpp"

namespace statusfs {

namespace {

constexpr std::string_view temporary_suffix = ".statusfs-new";

}  // namespace

std::string temporary_name(const std::string& path) {
  return directory_of(path) + "/." + name_of_path(path) + std::string(temporary_suffix);
}

bool is_temporary_name(std::string_view name) { return name.starts_with('.') && name.ends_with(temporary_suffix); }

std::unique_ptr<File> create_temporary(Files& files, const std::string& name, const FileStatus& like) {
  files.unlink(name);
  auto file = files.open(name, Files::Open::create);
  try {
    file->set_owner(like.owner, like.group);  // before the mode: a change of owner clears bits of it
    file->set_mode(like.mode);
  } catch (const std::system_error&) {
    files.unlink(name);
    throw;
  }
  return file;
}

Temporary::Temporary(Files& files, const std::string& path, const FileStatus& like)
    : files_(files), path_(path), file_(create_temporary(files, temporary_name(path), like)) {}

Temporary::~Temporary() {
  if (!file_) return;
  try {
    files_.unlink(temporary_name(path_));
  } catch (const std::system_error&) {
    // The next one to open the status file removes it.
  }
}

std::unique_ptr<File> Temporary::replace() {
  files_.rename(temporary_name(path_), path_);
  return std::move(file_);
}

std::unique_ptr<File> Temporary::publish() {
  files_.rename_new(temporary_name(path_), path_);
  return std::move(file_);
}

FileStatus ordinary_attributes() {
  FileStatus status;
  status.mode = 0644;
  status.owner = static_cast<uid_t>(-1);
  status.group = static_cast<gid_t>(-1);
  return status;
}

FileStatus writable_again(FileStatus like) {
  like.mode |= 0600;
  return like;
}

void match_attributes(File& file, const FileStatus& like) try {
  const FileStatus now = file.status();
  if (now.owner != like.owner || now.group != like.group) file.set_owner(like.owner, like.group);
  if (now.mode != like.mode) file.set_mode(like.mode);
} catch (const std::system_error&) {
  // Another user's, who alone may change it.
}

void remove_if_unlocked(Files& files, const std::string& name) {
  if (!files.status(name)) return;
  const auto file = files.open(name, Files::Open::write);
  if (file && file->try_lock()) files.unlink(name);
}

void write_durably(File& file, std::string_view bytes) {
  std::uint64_t offset = 0;
  while (!bytes.empty()) {
    const std::size_t done = file.write_at(bytes, offset);
    offset += done;
    bytes.remove_prefix(done);
  }
  file.sync();
}

std::string keep_aside(Files& files, const std::string& path, const std::string& base) {
  for (unsigned number = 1;; ++number) {
    const std::string name = foreign_copy_of(base, number);
    try {
      files.rename_new(path, name);
      return name_of_path(name);
    } catch (const std::system_error& error) {
      if (error.code().value() != EEXIST) throw;
    }
  }
}

std::string read_all(File& file) {
  std::string text(file.status().size + 1, '\0');  // one more: to see the end needs no second read, and no larger text
  std::size_t done = 0;
  // The file may grow or shrink meanwhile.
  for (;;) {
    const std::size_t got = file.read_at(std::span(text).subspan(done), done);
    done += got;
    if (done < text.size() || got == 0) break;
    text.resize(text.size() + 4096);
  }
  text.resize(done);
  return text;
}

}  // namespace statusfs
