#include "fs/cli/ed25519.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <memory>

#include "fs/cli/exit_status.hpp"
#include "fs/cli/mapping_source.hpp"

namespace statusfs {
namespace {

struct Deleter {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  void operator()(BIO* bytes) const noexcept { BIO_free(bytes); }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter>;
using Context = std::unique_ptr<EVP_MD_CTX, Deleter>;
using Bytes = std::unique_ptr<BIO, Deleter>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// Asked for when a key is encrypted; nobody is there to type a password.
int no_password(char*, int, int, void*) { return -1; }

Key read_key(const std::string& file, bool is_private) {
  const std::string text = read_text_file(file);
  const Bytes bytes(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  Key key(is_private ? PEM_read_bio_PrivateKey(bytes.get(), nullptr, no_password, nullptr)
                     : PEM_read_bio_PUBKEY(bytes.get(), nullptr, no_password, nullptr));
  if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_ED25519)
    throw CommandError(ExitStatus::unusable, file + ": is no Ed25519 " + (is_private ? "private" : "public") + " key in PEM");
  return key;
}

void require_secret(const std::string& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) == 0 && (status.st_mode & 077) != 0)
    throw CommandError(ExitStatus::unusable, file + ": others may read this key; chmod 600 it");
}

}  // namespace

std::string sign(const std::string& private_key_file, std::string_view message) {
  require_secret(private_key_file);
  const Key key = read_key(private_key_file, true);
  const Context context(EVP_MD_CTX_new());
  std::string signature(64, '\0');
  std::size_t size = signature.size();
  const bool is_signed =
      context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes_of(message),
                     message.size()) == 1;
  if (!is_signed || size != signature.size()) throw CommandError(ExitStatus::unusable, private_key_file + ": signing failed");
  return signature;
}

bool is_signature_right(const std::string& public_key_file, std::string_view message, std::string_view signature) {
  const Key key = read_key(public_key_file, false);
  const Context context(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size()) == 1;
}

}  // namespace statusfs
