#include "fs/store/timestamp.hpp"

#include <cstdio>
#include <ctime>

namespace statusfs {
namespace {

constexpr auto microseconds_in_second = 1'000'000;

// What is left of a text that is read from its beginning. Once something was not there, nothing is.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t count = 0; count < digits; ++count) value = value * 10 + digit();
    return value;
  }
  void expect(char character) {
    if (!next_is(character)) return fail();
    rest_.remove_prefix(1);
  }
  bool next_is(char character) const { return rest_.starts_with(character); }
  bool next_is_digit() const { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }
  bool is_at_the_end() const { return is_good_ && rest_.empty(); }

 private:
  int digit() {
    if (!next_is_digit()) {
      fail();
      return 0;
    }
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }
  void fail() {
    is_good_ = false;
    rest_ = {};
  }

  std::string_view rest_;
  bool is_good_ = true;
};

long fraction_in_microseconds(Scanner& scanner) {
  long value = 0;
  long scale = microseconds_in_second;
  do {
    scale /= 10;
    value += scanner.number(1) * scale;
  } while (scanner.next_is_digit());
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

std::optional<std::chrono::system_clock::time_point> parse_timestamp(std::string_view text) {
  Scanner scanner(text);
  std::tm parts{};
  parts.tm_year = scanner.number(4) - 1900;
  scanner.expect('-');
  parts.tm_mon = scanner.number(2) - 1;
  scanner.expect('-');
  parts.tm_mday = scanner.number(2);
  scanner.expect('T');
  parts.tm_hour = scanner.number(2);
  scanner.expect(':');
  parts.tm_min = scanner.number(2);
  scanner.expect(':');
  parts.tm_sec = scanner.number(2);
  long microseconds = 0;
  if (scanner.next_is('.')) {
    scanner.expect('.');
    microseconds = fraction_in_microseconds(scanner);
  }
  scanner.expect('Z');
  if (!scanner.is_at_the_end()) return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&parts)) + std::chrono::microseconds(microseconds);
}

}  // namespace statusfs
