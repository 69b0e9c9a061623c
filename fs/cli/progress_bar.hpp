// A line on the terminal that shows how far something is.
#pragma once

#include <cstdint>
#include <string>

namespace statusfs {

/// Draws on standard error, if that is a terminal, and takes its line away at the end.
class ProgressBar {
 public:
  ProgressBar(std::string what, std::uint64_t total);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void set(std::uint64_t done);

 private:
  const std::string what_;
  const std::uint64_t total_;
  const bool is_shown_;
  int drawn_ = -1;  // percent
};

}  // namespace statusfs
