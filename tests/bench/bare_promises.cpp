#include "tests/bench/bare_promises.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>

namespace bench {
namespace {

// Bytes in the canonical form of a task and of the payload of 10 tasks, and of a journal line.
constexpr std::size_t task_size = 700, payload_size = 1500, record_size = 1500;

using statusfs::UniqueFd;

UniqueFd open_file(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) throw std::runtime_error(path + ": " + std::strerror(errno));
  return file;
}

int read_environment(pid_t process) {
  const UniqueFd environment(::open(("/proc/" + std::to_string(process) + "/environ").c_str(), O_RDONLY | O_CLOEXEC));
  if (!environment) return errno;
  std::array<char, 16384> text;
  return ::read(environment.get(), text.data(), text.size()) < 0 ? errno : 0;
}

int hash(std::size_t size) {
  constexpr std::array<char, 1500> text{};
  static_assert(task_size <= text.size() && payload_size <= text.size() && record_size <= text.size());
  struct Context {
    EVP_MD_CTX* state = EVP_MD_CTX_new();
    Context() { EVP_DigestInit_ex(state, EVP_sha256(), nullptr); }
    ~Context() { EVP_MD_CTX_free(state); }
  };
  thread_local const Context context;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  const bool is_done = EVP_DigestInit_ex(context.state, nullptr, nullptr) == 1 &&
                       EVP_DigestUpdate(context.state, text.data(), size) == 1 &&
                       EVP_DigestFinal_ex(context.state, digest.data(), nullptr) == 1;
  return is_done ? 0 : ENOMEM;
}

}  // namespace

Promises::Promises(const std::string& directory)
    : plan_(directory + "/exec_plan_125.txt"),
      document_(directory + "/exec_status_125.txt"),
      journal_(document_ + ".journal"),
      open_journal_(open_file(journal_)) {
  open_file(document_);
}

void Promises::identify(pid_t thread) const {
  ::syscall(SYS_tgkill, thread, thread, 0);
  static_cast<void>(::getsid(thread));
}

int Promises::prepare_write(pid_t thread) const {
  identify(thread);
  if (const int error = read_environment(thread); error != 0) return error;
  std::array<unsigned char, 16> trace_id;
  if (::getrandom(trace_id.data(), trace_id.size(), 0) < 0) return errno;
  struct stat found;
  if (::stat(plan_.c_str(), &found) == 0) return EEXIST;
  if (::lstat(document_.c_str(), &found) != 0 || ::lstat(journal_.c_str(), &found) != 0) return errno;
  if (::fstat(open_journal_.get(), &found) != 0) return errno;
  for (const std::size_t size : {task_size, payload_size, record_size})
    if (const int error = hash(size); error != 0) return error;
  return 0;
}

}  // namespace bench
