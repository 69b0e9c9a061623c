#include "fs/store/timestamp.hpp"

#include <cstdio>
#include <ctime>

namespace statusfs {
namespace {

constexpr auto microseconds_in_second = 1'000'000;

/// "." and digits as microseconds; nothing when it is not that.
std::optional<long> parse_fraction(const char* text, const char** end) {
  long value = 0;
  long scale = microseconds_in_second;
  const char* at = text + 1;
  for (; *at >= '0' && *at <= '9'; ++at) {
    scale /= 10;
    value += (*at - '0') * scale;
  }
  if (at == text + 1) return std::nullopt;
  *end = at;
  return value;
}

}  // namespace

std::string format_timestamp(std::chrono::system_clock::time_point time) {
  const auto since = std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const std::time_t whole = static_cast<std::time_t>(seconds.count());
  std::tm parts{};
  ::gmtime_r(&whole, &parts);
  char text[80];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, static_cast<long>((since - seconds).count()));
  return text;
}

std::optional<std::chrono::system_clock::time_point> parse_timestamp(const std::string& text) {
  std::tm parts{};
  int used = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                  &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &used) != 6)
    return std::nullopt;
  const char* rest = text.c_str() + used;
  long microseconds = 0;
  if (*rest == '.') {
    const auto fraction = parse_fraction(rest, &rest);
    if (!fraction) return std::nullopt;
    microseconds = *fraction;
  }
  if (std::string(rest) != "Z") return std::nullopt;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return std::chrono::system_clock::from_time_t(::timegm(&parts)) + std::chrono::microseconds(microseconds);
}

}  // namespace statusfs
