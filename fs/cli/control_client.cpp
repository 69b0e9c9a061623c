#include "fs/cli/control_client.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

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

}  // namespace

bool send_control(const StatusTarget& target, const std::string& command) {
  return send_control(target, Value::object().with_member("command", Value(std::string_view(command))));
}

bool send_control(const StatusTarget& target, const Value& command) {
  const auto place = shown_place(target, MountUse::changing);
  if (!place) return false;
  const std::string path = place->directory + "/.control";
  const UniqueFd control(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!control) throw CommandError(ExitStatus::unusable, path + ": " + std::strerror(errno));
  const std::string text = compact(command) + "\n";
  if (write(control.get(), text.data(), text.size()) < 0)
    throw CommandError(ExitStatus::unusable, target.path + ": " + reason_for(*place, errno));
  return true;
}

}  // namespace statusfs
