#include "fs/signing/ed25519.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "fs/unique_fd.hpp"

namespace statusfs {
namespace detail {

struct OpenSslDeleter {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  void operator()(BIO* bytes) const noexcept { BIO_free(bytes); }
};

}  // namespace detail

namespace {

constexpr std::size_t longest_pem = 64 * 1024;  // bytes; a key has about 120

using Key = std::unique_ptr<EVP_PKEY, detail::OpenSslDeleter>;
using Context = std::unique_ptr<EVP_MD_CTX, detail::OpenSslDeleter>;
using Bytes = std::unique_ptr<BIO, detail::OpenSslDeleter>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// Asked for when a key is encrypted; nobody is there to type a password.
int no_password(char*, int, int, void*) { return -1; }

Bytes memory(std::string_view text) { return Bytes(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

[[noreturn]] void fail(const std::string& file, int error) {
  throw KeyError(file + ": " + std::system_category().message(error));
}

// Not waited for, where it is a pipe or a device.
UniqueFd open_regular(const std::string& file, struct stat& status) {
  UniqueFd descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor || fstat(descriptor.get(), &status) != 0) fail(file, errno);
  if (!S_ISREG(status.st_mode)) throw KeyError(file + ": is no regular file; a key is a PEM file");
  return descriptor;
}

std::string read_text(const UniqueFd& descriptor, const std::string& file) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = ::read(descriptor.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(file, errno);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > longest_pem) throw KeyError(file + ": is too long for a key");
  }
}

void require_secret(const struct stat& status, const std::string& file) {
  if ((status.st_mode & 077) != 0)
    throw KeyError(file + ": others may use this key (its mode lets group or others in); chmod 600 it");
  if (status.st_uid != geteuid() && status.st_uid != 0)
    throw KeyError(file + ": belongs to another user; a signing key belongs to the one who mounts, or to root");
}

}  // namespace

struct detail::OpenSslKey {
  std::unique_ptr<EVP_PKEY, OpenSslDeleter> key;

  bool verifies(std::string_view message, std::string_view signature) const {
    const Context context(EVP_MD_CTX_new());
    return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size()) ==
               1;
  }
};

namespace {

std::shared_ptr<const detail::OpenSslKey> ed25519(Key key, const std::string& name, const char* kind) {
  if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_ED25519)
    throw KeyError(name + ": is no Ed25519 " + kind + " key in PEM without a password; " +
                   "openssl genpkey -algorithm ed25519 makes one, openssl pkey -pubout its public half");
  return std::make_shared<const detail::OpenSslKey>(detail::OpenSslKey{std::move(key)});
}

}  // namespace

PublicKey PublicKey::of_pem(std::string_view text, const std::string& name) {
  return PublicKey(
      ed25519(Key(PEM_read_bio_PUBKEY(memory(text).get(), nullptr, no_password, nullptr)), name, "public"));
}

PublicKey PublicKey::read(const std::string& file) {
  struct stat status {};
  const UniqueFd descriptor = open_regular(file, status);
  return of_pem(read_text(descriptor, file), file);
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  return key_->verifies(message, signature);
}

SigningKey SigningKey::of_pem(std::string_view text, const std::string& name) {
  return SigningKey(
      ed25519(Key(PEM_read_bio_PrivateKey(memory(text).get(), nullptr, no_password, nullptr)), name, "private"));
}

SigningKey SigningKey::read(const std::string& file) {
  struct stat status {};
  const UniqueFd descriptor = open_regular(file, status);
  require_secret(status, file);
  return of_pem(read_text(descriptor, file), file);
}

std::string SigningKey::sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  std::string signature(signature_size, '\0');
  std::size_t size = signature.size();
  const bool is_signed = context &&
                         EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_->key.get()) == 1 &&
                         EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                                        bytes_of(message), message.size()) == 1;
  if (!is_signed || size != signature.size()) throw KeyError("signing failed");
  return signature;
}

bool SigningKey::verifies(std::string_view message, std::string_view signature) const {
  return key_->verifies(message, signature);
}

}  // namespace statusfs
