#include "fs/store/etcd/etcd_address.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <stdexcept>

namespace statusfs {
namespace {

constexpr std::string_view scheme = "etcd://";

[[noreturn]] void refuse(std::string_view text, const std::string& reason) {
  throw std::runtime_error(std::string(text) + ": " + reason + "; accepted is etcd://HOST:PORT[,HOST:PORT...]/PREFIX");
}

bool is_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view port = text.substr(colon + 1);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool is_port = error == std::errc() && end == port.data() + port.size() && number > 0;
  return is_port && text.find_first_of("/@ ") == std::string_view::npos;
}

}  // namespace

EtcdAddress EtcdAddress::of(std::string_view text) {
  if (!is_one(text)) refuse(text, "is no place in etcd");
  const std::string_view rest = text.substr(scheme.size());
  const std::size_t slash = rest.find('/');
  EtcdAddress address;
  std::string_view hosts = rest.substr(0, slash);
  if (hosts.empty()) refuse(text, "names no host");
  for (bool is_last = false; !is_last;) {
    const std::size_t comma = std::min(hosts.find(','), hosts.size());
    const std::string_view endpoint = hosts.substr(0, comma);
    if (!is_endpoint(endpoint)) refuse(text, "\"" + std::string(endpoint) + "\" is not HOST:PORT");
    address.endpoints.emplace_back(endpoint);
    is_last = comma == hosts.size();
    hosts.remove_prefix(std::min(comma + 1, hosts.size()));
  }
  if (slash != std::string_view::npos) address.prefix = rest.substr(slash);
  while (address.prefix.ends_with('/')) address.prefix.pop_back();
  if (address.prefix.empty()) refuse(text, "names no prefix");
  return address;
}

}  // namespace statusfs
