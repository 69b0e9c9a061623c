// `.statusfs`: what is told about the mount itself.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "fs/engine/refusal_log.hpp"
#include "fs/engine/status_directory.hpp"
#include "fs/fuse/directory_entry.hpp"
#include "fs/fuse/presentation.hpp"

namespace statusfs {

/// Who is reading, for the one file that depends on it.
struct Reader {
  uid_t uid = 0;
  pid_t session = 0;
};

bool is_directory(const AboutPlace& place) noexcept;
/// Whether it may say something else at every look, so that it has no time of its own.
bool is_always_new(const AboutPlace& place) noexcept;

/// Thread safety: any thread. What it is made of must outlive it.
class AboutView {
 public:
  AboutView(StatusDirectory& directory, const Presentation& presentation, const Mapping& mapping,
            const Metrics& metrics, const RefusalLog& refusals)
      : directory_(directory), presentation_(presentation), mapping_(mapping), metrics_(metrics), refusals_(refusals) {}

  /// Precondition: `directory` is one.
  std::vector<DirectoryEntry> list(const AboutPlace& directory) const;
  /// Empty for a directory.
  std::string text(const AboutPlace& place, const Reader& reader) const;

 private:
  std::vector<DirectoryEntry> list_hosts() const;
  Metrics::Gauges gauges() const;

  StatusDirectory& directory_;
  const Presentation& presentation_;
  const Mapping& mapping_;
  const Metrics& metrics_;
  const RefusalLog& refusals_;
};

}  // namespace statusfs
