#include "fs/anchor/anchor_log.hpp"

#include <algorithm>
#include <exception>

#include "fs/store/local/side_file.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr mode_t log_mode = 0644;

// The log, made if there is none. flock(2) is held until it is closed.
std::unique_ptr<File> open_log(Files& files, const std::string& path) {
  auto file = files.open(path, Files::Open::write);
  if (!file) {
    file = files.open(path, Files::Open::create);
    file->set_mode(log_mode);
    files.sync_directory(directory_of(path));
  }
  file->lock();
  return file;
}

bool ends_torn(File& file, std::uint64_t size) {
  char last = '\n';
  return size > 0 && file.read_at({&last, 1}, size - 1) == 1 && last != '\n';
}

}  // namespace

AnchorLog::AnchorLog(Files& files, std::string path, std::shared_ptr<const SigningKey> key, Notice notice,
                     AnchorSchedule schedule)
    : files_(files),
      path_(std::move(path)),
      key_(std::move(key)),
      notice_(std::move(notice)),
      schedule_(schedule),
      checkpointer_([this] { return step(); }) {
  learn(read_all(*open_log(files_, path_)));
}

AnchorLog::~AnchorLog() { checkpointer_.stop(); }

// Other lines than checkpoints are somebody's remarks.
void AnchorLog::learn(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    try {
      const Checkpoint checkpoint = decode_checkpoint(text.substr(0, end));
      chains_[checkpoint.file_id].anchored_version = checkpoint.version;
    } catch (const Rejection&) {
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void AnchorLog::stands_at(Checkpoint newest) {
  std::string warning;
  {
    const std::lock_guard guard(mutex_);
    Chain& chain = chains_[newest.file_id];
    const bool is_first = chain.newest.lines == 0;
    if (is_first && newest.version < chain.anchored_version)
      warning = newest.file_id + ": " + path_ + " saw version " + std::to_string(chain.anchored_version) +
                " of it, and it is at version " + std::to_string(newest.version) +
                ": an older copy, or its journal was cut";
    if (newest.version < chain.anchored_version) chain.anchored_version = newest.version;
    chain.newest = std::move(newest);
    if (chain.newest.version > chain.anchored_version && !chain.unanchored_since) chain.unanchored_since = Clock::now();
  }
  if (!warning.empty()) notice_(warning);
  checkpointer_.wake();
}

AnchorLog::Time AnchorLog::due(const Chain& chain) const {
  if (!chain.unanchored_since) return Time::max();
  const bool is_long = chain.newest.version - chain.anchored_version >= schedule_.versions;
  const Time due = is_long ? *chain.unanchored_since : *chain.unanchored_since + schedule_.delay;
  return retry_at_ ? std::max(due, *retry_at_) : due;
}

std::optional<Checkpoint> AnchorLog::take_due(Time now) {
  const std::lock_guard guard(mutex_);
  const auto found = std::ranges::find_if(chains_, [&](const auto& entry) { return due(entry.second) <= now; });
  return found == chains_.end() ? std::nullopt : std::optional(found->second.newest);
}

// A line that could not be written stays due.
std::optional<AnchorLog::Time> AnchorLog::step() {
  while (const auto checkpoint = take_due(Clock::now())) {
    const bool is_written = write(*checkpoint);
    const std::lock_guard guard(mutex_);
    retry_at_ = is_written ? std::nullopt : std::optional(Clock::now() + schedule_.retry);
    if (!is_written) continue;
    Chain& chain = chains_[checkpoint->file_id];
    chain.anchored_version = checkpoint->version;
    const bool moved_on = chain.newest.version > checkpoint->version;
    chain.unanchored_since = moved_on ? std::optional(Clock::now()) : std::nullopt;
  }
  const std::lock_guard guard(mutex_);
  Time next = Time::max();
  for (const auto& [id, chain] : chains_) next = std::min(next, due(chain));
  return next == Time::max() ? std::nullopt : std::optional(next);
}

bool AnchorLog::write(Checkpoint checkpoint) {
  try {
    if (key_) checkpoint.signature = key_->sign(signed_part(checkpoint));
    append(encode_checkpoint(checkpoint) + "\n");
    return true;
  } catch (const std::exception& error) {
    notice_(checkpoint.file_id + ": its checkpoint is not in the anchor log yet: " + error.what());
    return false;
  }
}

// A line that a crash tore is ended, so that the next one stands by itself.
void AnchorLog::append(const std::string& line) {
  const auto file = open_log(files_, path_);
  std::uint64_t offset = file->status().size;
  const std::string text = (ends_torn(*file, offset) ? "\n" : "") + line;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t done = file->write_at(rest, offset);
    offset += done;
    rest.remove_prefix(done);
  }
  file->sync();
}

}  // namespace statusfs
