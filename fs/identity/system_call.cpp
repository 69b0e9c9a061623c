#include "fs/identity/system_call.hpp"

#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

namespace statusfs {
namespace {

// Numbers are those of our own architecture.
constexpr std::array moving_calls{SYS_splice, SYS_sendfile, SYS_copy_file_range};

// proc(5): the call's number and its arguments, -1 outside of any, or "running".
std::string first_word_of(pid_t thread) {
  std::string word;
  std::ifstream("/proc/" + std::to_string(thread) + "/syscall") >> word;
  return word;
}

}  // namespace

std::optional<bool> is_moving_content(pid_t thread) {
  constexpr int attempts = 20;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const std::string word = first_word_of(thread);
    long number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error == std::errc{} && end == word.data() + word.size())
      return std::ranges::find(moving_calls, number) != moving_calls.end();
    if (word != "running") return std::nullopt;
    std::this_thread::sleep_for(std::chrono::microseconds(100));  // it is about to wait for us
  }
  return std::nullopt;
}

}  // namespace statusfs
