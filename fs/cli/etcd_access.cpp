#include "fs/cli/etcd_access.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "fs/cli/exit_status.hpp"

namespace statusfs {
namespace {

// Absolute, because the process leaves its directory for the background.
std::string readable_file(const std::optional<std::string>& name, const char* option) {
  if (!name) return {};
  if (::access(name->c_str(), R_OK) != 0)
    throw CommandError(ExitStatus::unusable, std::string("-o ") + option + ": " + *name + " cannot be read");
  return std::filesystem::absolute(*name).string();
}

std::string password_from_file(const std::string& name) {
  struct stat status {};
  if (::stat(name.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
    throw CommandError(ExitStatus::unusable, "-o passwordfile: " + name + " cannot be read");
  if (status.st_mode & (S_IRWXG | S_IRWXO))
    throw CommandError(ExitStatus::unusable,
                       "-o passwordfile: " + name + " must be readable by its owner alone (mode 0600)");
  std::ifstream file(name);
  std::string password;
  std::getline(file, password);
  return password;
}

std::string password_of(const EtcdSettings& settings) {
  std::string password;
  if (char* value = std::getenv(password_variable)) {
    password = value;
    // The environment that the process was started with stays readable in /proc, whatever it takes out of it later.
    ::explicit_bzero(value, std::strlen(value));
    ::unsetenv(password_variable);
  }
  if (!settings.user) return {};
  if (settings.password_file) password = password_from_file(*settings.password_file);
  if (password.empty())
    throw CommandError(ExitStatus::unusable,
                       "-o user=" + *settings.user +
                           " needs its password: in the file that -o passwordfile= names, or in " + password_variable);
  return password;
}

// What would be passed over in silence otherwise: a connection without TLS, or without the user.
void require_whole(const EtcdSettings& settings) {
  if (settings.key && !settings.cert)
    throw CommandError(ExitStatus::usage, "-o key is of a certificate; it goes with cert=");
  if (settings.password_file && !settings.user)
    throw CommandError(ExitStatus::usage, "-o passwordfile is of a user; it goes with user=");
}

}  // namespace

EtcdAddress etcd_address(const std::string& text) try {
  return EtcdAddress::of(text);
} catch (const std::runtime_error& error) {
  throw CommandError(ExitStatus::unusable, error.what());
}

EtcdAccess etcd_access(const EtcdAddress& address, const EtcdSettings& settings) {
  require_whole(settings);
  EtcdAccess access;
  access.endpoints = address.endpoints;
  access.tls = {readable_file(settings.cacert, "cacert"), readable_file(settings.cert, "cert"),
                readable_file(settings.key, "key")};
  access.user = settings.user.value_or("");
  access.password = password_of(settings);
  return access;
}

std::string host_name(const EtcdSettings& settings) {
  std::string name = settings.host.value_or("");
  if (name.empty()) {
    std::array<char, 256> buffer{};
    ::gethostname(buffer.data(), buffer.size() - 1);
    name = buffer.data();
  }
  if (name.empty() || name.find('/') != std::string::npos || name.starts_with('.'))
    throw CommandError(ExitStatus::usage,
                       "-o host=" + name + ": a host's name is not empty, has no '/' and no '.' at its beginning");
  return name;
}

}  // namespace statusfs
