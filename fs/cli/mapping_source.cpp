#include "fs/cli/mapping_source.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "fs/cli/exit_status.hpp"
#include "mapping/schema/mapping_loader.hpp"

namespace statusfs {
namespace {

constexpr const char* default_config_file = "/etc/statusfs.yaml";

}  // namespace

std::string read_text_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) throw CommandError(ExitStatus::unusable, path + ": is a directory");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw CommandError(ExitStatus::unusable, path + ": " + std::strerror(errno));
  std::string text;
  std::array<char, 65536> buffer;
  do {
    file.read(buffer.data(), buffer.size());
    text.append(buffer.data(), static_cast<std::size_t>(file.gcount()));
  } while (file);
  if (file.bad()) throw CommandError(ExitStatus::unusable, path + ": " + std::strerror(errno));
  return text;
}

std::shared_ptr<const Mapping> load_mapping_file(const std::optional<std::string>& file) {
  if (!file) return default_mapping();
  try {
    return load_mapping(read_text_file(*file), *file);
  } catch (const MappingError& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

std::optional<std::string> config_file(const std::optional<std::string>& given) {
  if (given) return given;
  std::error_code error;
  if (std::filesystem::exists(default_config_file, error)) return default_config_file;
  return std::nullopt;
}

}  // namespace statusfs
