// <file>.sig: the raw Ed25519 signature of the JSON file's bytes, written after each new version of it.
//
// The lock beside the JSON is held from before the JSON is replaced until the signature stands, so whoever takes that
// lock sees both of one version. A crash in between leaves a signature of the version before; it is mended when the
// file is loaded.
//
// Thread safety: one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "fs/signing/ed25519.hpp"
#include "fs/store/local/files.hpp"

namespace statusfs {

class SignatureFile {
 public:
  /// `path` is the status file's. Without a key nothing is signed, and everything counts as signed.
  SignatureFile(Files& files, const std::string& path, std::shared_ptr<const SigningKey> key);

  /// Whether the file holds this key's signature of the text. A file that cannot be read does not.
  bool is_of(std::string_view text);
  /// Whether there is none yet although there is a key.
  bool is_missing();
  /// Puts the text's signature in the file's place, on the disk when it returns, with the owner and mode of `like`.
  /// Throws std::system_error.
  void write(std::string_view text, const FileStatus& like);
  /// Removes what a crash left of write().
  void remove_left_over();

 private:
  Files& files_;
  const std::string path_;
  const std::shared_ptr<const SigningKey> key_;
};

}  // namespace statusfs
