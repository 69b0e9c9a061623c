#include "fs/cli/control_client.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "fs/cli/exit_status.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/unique_fd.hpp"
#include "mapping/document/text.hpp"

namespace statusfs {
namespace {

// The mount writes down why it refused; its .statusfs stands at the root of the mount.
std::string reason_for(const ShownPlace& place, int error_number) {
  try {
    const std::string reason = read_text_file(place.mountpoint + "/.statusfs/last_error");
    const std::size_t message = reason.find(": ");
    if (message != std::string::npos) return reason.substr(message + 2, reason.size() - message - 3);
  } catch (const CommandError&) {  // the mount has ended meanwhile
  }
  return std::strerror(error_number);
}

// All that the mount keeps.
std::string errors_of(const ShownPlace& place) {
  try {
    return read_text_file(place.mountpoint + "/.statusfs/errors");
  } catch (const CommandError&) {
    return {};
  }
}

// The lines that were added at the end, while the oldest may have gone.
std::string_view lines_behind(std::string_view before, std::string_view now) {
  const std::size_t last = before.rfind('\n', before.size() < 2 ? 0 : before.size() - 2);
  const std::string_view newest = before.substr(last == std::string_view::npos ? 0 : last + 1);
  const std::size_t at = newest.empty() ? std::string_view::npos : now.rfind(newest);
  return at == std::string_view::npos ? now : now.substr(at + newest.size());
}

// What those lines warn of, without the time and who was warned.
std::string warnings_about(const StatusTarget& target, std::string_view lines) {
  const std::string mark = " WARNING " + target.stem + " ";
  std::string warnings;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const std::size_t at = line.find(mark), message = line.find(": ", at);
    if (at == line.find(' ') && message != std::string_view::npos)
      warnings.append(line.substr(message + 2)).append("\n");
  }
  return warnings;
}

}  // namespace

bool send_control(const StatusTarget& target, const std::string& command) {
  return send_control(target, Value::object().with_member("command", Value(std::string_view(command))));
}

bool send_control(const StatusTarget& target, const Value& command, std::string* warnings) {
  const auto place = shown_place(target, MountUse::changing);
  if (!place) return false;
  const std::string path = place->directory + "/.control";
  const UniqueFd control(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!control) throw CommandError(ExitStatus::unusable, path + ": " + std::strerror(errno));
  const std::string text = compact(command) + "\n";
  const std::string before = warnings ? errors_of(*place) : std::string();
  if (write(control.get(), text.data(), text.size()) < 0)
    throw CommandError(ExitStatus::unusable, target.path + ": " + reason_for(*place, errno));
  if (warnings) *warnings = warnings_about(target, lines_behind(before, errors_of(*place)));
  return true;
}

}  // namespace statusfs
