#include "fs/fuse/about_view.hpp"

#include <array>
#include <string_view>

#include "mapping/rules/locks.hpp"

namespace statusfs {
namespace {

using AboutKind = AboutPlace::Kind;

struct AboutName {
  std::string_view name;
  AboutKind kind;
};
constexpr std::array<AboutName, 5> names{{{"version", AboutKind::version},
                                          {"mapping.yaml", AboutKind::mapping},
                                          {"metrics", AboutKind::metrics},
                                          {"errors", AboutKind::errors},
                                          {"last_error", AboutKind::last_error}}};
constexpr std::string_view hosts_name = "hosts";

}  // namespace

bool is_directory(const AboutPlace& place) noexcept {
  return place.kind == AboutKind::directory || place.kind == AboutKind::hosts;
}

bool is_always_new(const AboutPlace& place) noexcept {
  return place.kind == AboutKind::metrics || place.kind == AboutKind::errors || place.kind == AboutKind::last_error;
}

std::vector<DirectoryEntry> AboutView::list(const AboutPlace& directory) const {
  if (directory.kind == AboutKind::hosts) return list_hosts();
  std::vector<DirectoryEntry> entries;
  entries.reserve(names.size() + 1);
  for (const AboutName& name : names) entries.push_back({std::string(name.name), AboutPlace{name.kind}});
  if (directory_.source().has_hosts()) entries.push_back({std::string(hosts_name), AboutPlace{AboutKind::hosts}});
  return entries;
}

std::vector<DirectoryEntry> AboutView::list_hosts() const {
  std::vector<DirectoryEntry> entries;
  for (std::string& host : directory_.source().hosts()) {
    AboutPlace place{AboutKind::host, host};
    entries.push_back({std::move(host), std::move(place)});
  }
  return entries;
}

Metrics::Gauges AboutView::gauges() const {
  Metrics::Gauges gauges;
  for (const auto& file : directory_.files()) {
    ++gauges.files;
    const auto state = file->loaded_state();
    if (!state || !state->document) continue;
    ++gauges.loaded_files;
    gauges.active_locks += count_locks(*state->document);
    const StatusDocument& document = *state->document;
    for (std::size_t position = 0; position < document.task_count(); ++position) {
      const Value* status = document.task(position).find("status");  // the metric's meaning is this field's value
      gauges.blocked_tasks += status && status->is_string() && status->as_string() == "BLOCKED";
    }
  }
  return gauges;
}

std::string AboutView::text(const AboutPlace& place, const Reader& reader) const {
  switch (place.kind) {
    case AboutKind::version:
      return presentation_.version + "\n";
    case AboutKind::mapping:
      return mapping_.text;
    case AboutKind::metrics:
      return metrics_.text(gauges());
    case AboutKind::errors:
      return refusals_.text();
    case AboutKind::last_error:
      return refusals_.last_of(reader.uid, reader.session);
    case AboutKind::host:
      return directory_.source().host_text(place.host);
    case AboutKind::hosts:
    case AboutKind::directory:
      break;
  }
  return {};
}

}  // namespace statusfs
