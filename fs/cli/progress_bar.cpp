#include "fs/cli/progress_bar.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>

namespace statusfs {
namespace {

constexpr int width = 40;

}  // namespace

ProgressBar::ProgressBar(std::string what, std::uint64_t total)
    : what_(std::move(what)), total_(std::max<std::uint64_t>(total, 1)), is_shown_(::isatty(STDERR_FILENO) != 0) {}

ProgressBar::~ProgressBar() {
  if (drawn_ >= 0) std::cerr << "\r\033[K" << std::flush;
}

void ProgressBar::set(std::uint64_t done) {
  const int percent = static_cast<int>(std::min(done, total_) * 100 / total_);
  if (!is_shown_ || percent == drawn_) return;
  drawn_ = percent;
  const int filled = percent * width / 100;
  std::cerr << '\r' << what_ << " [" << std::string(static_cast<std::size_t>(filled), '#')
            << std::string(static_cast<std::size_t>(width - filled), '.') << "] " << percent << '%' << std::flush;
}

}  // namespace statusfs
