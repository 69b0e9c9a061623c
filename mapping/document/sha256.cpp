#include "mapping/document/sha256.hpp"

#include <openssl/evp.h>

#include <new>
#include <stdexcept>

namespace statusfs {

namespace {

void require(int openssl_result) {
  if (openssl_result != 1) throw std::runtime_error("OpenSSL cannot compute SHA-256");
}

std::string hexadecimal(const unsigned char* bytes, std::size_t count) {
  constexpr char digits[] = "0123456789abcdef";
  std::string result;
  result.reserve(2 * count);
  for (std::size_t position = 0; position < count; ++position) {
    result.push_back(digits[bytes[position] >> 4]);
    result.push_back(digits[bytes[position] & 0x0F]);
  }
  return result;
}

}  // namespace

struct Sha256::Context {
  struct Deleter {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Deleter> state{EVP_MD_CTX_new()};

  void begin() { require(EVP_DigestInit_ex(state.get(), EVP_sha256(), nullptr)); }
  // Without a name OpenSSL keeps the algorithm that it found before; looking it up costs as much as hashing 2 KB.
  void begin_again() { require(EVP_DigestInit_ex(state.get(), nullptr, nullptr)); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  if (context_->state == nullptr) throw std::bad_alloc();
  context_->begin();
}

Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  require(EVP_DigestUpdate(context_->state.get(), bytes.data(), bytes.size()));
}

std::string Sha256::finish_hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  require(EVP_DigestFinal_ex(context_->state.get(), digest.data(), &size));
  context_->begin_again();
  return hexadecimal(digest.data(), size);
}

std::string sha256_hex(std::string_view bytes) {
  thread_local Sha256 hash;  // between two calls it is always at the beginning of a message
  hash.update(bytes);
  return hash.finish_hex();
}

bool is_hash_text(std::string_view text) noexcept {
  return text.size() == hash_text_size && text.starts_with(hash_prefix) &&
         text.find_first_not_of("0123456789abcdef", hash_prefix.size()) == std::string_view::npos;
}

}  // namespace statusfs
