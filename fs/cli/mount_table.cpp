#include "fs/cli/mount_table.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace statusfs {
namespace {

// Space, tab, newline and backslash stand as three octal digits (proc(5)).
std::string unescaped(std::string_view text) {
  const auto is_octal = [](char byte) { return byte >= '0' && byte <= '7'; };
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_escape = text[at] == '\\' && at + 3 < text.size() && is_octal(text[at + 1]) &&
                           is_octal(text[at + 2]) && is_octal(text[at + 3]);
    if (!is_escape) {
      result += text[at];
      continue;
    }
    result += static_cast<char>((text[at + 1] - '0') * 64 + (text[at + 2] - '0') * 8 + (text[at + 3] - '0'));
    at += 3;
  }
  return result;
}

std::vector<std::string> fields_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> fields;
  for (std::string field; stream >> field;) fields.push_back(field);
  return fields;
}

// "rw,user_id=1000,group_id=1000,..."; 0 where it does not say.
id_t id_in(std::string_view options, std::string_view name) {
  const std::size_t at = options.find(name);
  id_t id = 0;
  if (at == std::string_view::npos) return id;
  std::from_chars(options.data() + at + name.size(), options.data() + options.size(), id);
  return id;
}

// None where the file cannot be read.
std::vector<MountEntry> mounts_in_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return statusfs_mounts_in(text.str());
}

bool is_number(std::string_view name) {
  return std::ranges::all_of(name, [](char byte) { return byte >= '0' && byte <= '9'; });
}

}  // namespace

std::vector<MountEntry> statusfs_mounts_in(std::string_view mountinfo) {
  std::vector<MountEntry> mounts;
  std::istringstream lines{std::string(mountinfo)};
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> fields = fields_of(line);
    const auto separator = std::ranges::find(fields, "-");  // behind it: type, source, options
    if (fields.size() < 6 || fields.end() - separator < 3 || separator[1] != "fuse.statusfs") continue;
    const bool read_only = ("," + fields[5] + ",").find(",ro,") != std::string::npos;
    const std::string& of_kernel = fields.back();
    // The device is 0:MINOR, as of every file system without one, and its minor number is the connection's.
    mounts.push_back({unescaped(separator[2]), unescaped(fields[4]), read_only, id_in(of_kernel, ",user_id="),
                      id_in(of_kernel, ",group_id="), fields[2].substr(fields[2].find(':') + 1)});
  }
  std::ranges::reverse(mounts);
  return mounts;
}

std::vector<MountEntry> statusfs_mounts() { return mounts_in_file("/proc/self/mountinfo"); }

bool is_mounted_anywhere(const std::string& connection) {
  std::error_code error;
  if (std::filesystem::exists("/sys/fs/fuse/connections/" + connection, error)) return true;
  const auto is_in = [&](const std::filesystem::path& process) {
    const auto mounts = mounts_in_file(process / "mountinfo");
    return std::ranges::find(mounts, connection, &MountEntry::connection) != mounts.end();
  };
  std::filesystem::directory_iterator process("/proc", error);
  for (; !error && process != std::filesystem::directory_iterator(); process.increment(error))
    if (is_number(process->path().filename().string()) && is_in(process->path())) return true;
  return false;
}

}  // namespace statusfs
