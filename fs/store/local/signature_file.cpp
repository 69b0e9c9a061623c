#include "fs/store/local/signature_file.hpp"

#include <cerrno>
#include <system_error>

#include "fs/store/file_names.hpp"
#include "fs/store/local/side_file.hpp"

namespace statusfs {

SignatureFile::SignatureFile(Files& files, const std::string& path, std::shared_ptr<const SigningKey> key)
    : files_(files), path_(signature_of(path)), key_(std::move(key)) {}

bool SignatureFile::is_of(std::string_view text) {
  if (!key_) return true;
  try {
    const auto file = files_.open(path_, Files::Open::read);
    if (!file || file->status().size != signature_size) return false;
    return key_->verifies(text, read_all(*file));
  } catch (const std::system_error&) {
    return false;
  }
}

bool SignatureFile::is_missing() { return key_ && !files_.status(path_); }

void SignatureFile::write(std::string_view text, const FileStatus& like) {
  if (!key_) return;
  try {
    Temporary next(files_, path_, like);
    write_durably(next.file(), key_->sign(text));
    next.replace();
  } catch (const KeyError& error) {
    throw std::system_error(EIO, std::system_category(), path_ + ": " + error.what());
  }
  files_.sync_directory(directory_of(path_));
}

void SignatureFile::remove_left_over() {
  if (key_) files_.unlink(temporary_name(path_));
}

}  // namespace statusfs
