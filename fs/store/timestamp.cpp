#include "fs/store/timestamp.hpp"

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

// With leading zeros, and what stands behind the number. Precondition: it is not negative and has no more digits.
void append_number(std::string& text, int number, std::size_t digits, char behind) {
  const std::size_t begin = text.size();
  text.append(digits, '0');
  for (std::size_t at = begin + digits; at > begin; number /= 10) text[--at] = static_cast<char>('0' + number % 10);
  text += behind;
}

}  // namespace

std::string format_timestamp(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto since = floor<microseconds>(time);
  const auto midnight = floor<days>(since);
  const year_month_day date(midnight);
  const hh_mm_ss clock(since - midnight);
  std::string text;
  text.reserve(std::string_view("2025-06-09T12:00:00.123456Z").size());
  append_number(text, static_cast<int>(date.year()), 4, '-');
  append_number(text, static_cast<int>(static_cast<unsigned>(date.month())), 2, '-');
  append_number(text, static_cast<int>(static_cast<unsigned>(date.day())), 2, 'T');
  append_number(text, static_cast<int>(clock.hours().count()), 2, ':');
  append_number(text, static_cast<int>(clock.minutes().count()), 2, ':');
  append_number(text, static_cast<int>(clock.seconds().count()), 2, '.');
  append_number(text, static_cast<int>(clock.subseconds().count()), 6, 'Z');
  return text;
}

std::optional<std::chrono::system_clock::time_point> parse_timestamp(std::string_view text) {
  using namespace std::chrono;
  Scanner scanner(text);
  const year year_of_era(scanner.number(4));
  scanner.expect('-');
  const month month_of_year(static_cast<unsigned>(scanner.number(2)));
  scanner.expect('-');
  const day day_of_month(static_cast<unsigned>(scanner.number(2)));
  scanner.expect('T');
  const hours hour(scanner.number(2));
  scanner.expect(':');
  const minutes minute(scanner.number(2));
  scanner.expect(':');
  const seconds second(scanner.number(2));
  microseconds fraction(0);
  if (scanner.next_is('.')) {
    scanner.expect('.');
    fraction = microseconds(fraction_in_microseconds(scanner));
  }
  scanner.expect('Z');
  const year_month_day date(year_of_era, month_of_year, day_of_month);
  const bool is_time = hour < days(1) && minute < hours(1) && second <= minutes(1);  // a leap second is the 60th
  if (!scanner.is_at_the_end() || !date.ok() || !is_time) return std::nullopt;
  return sys_days(date) + hour + minute + second + fraction;
}

}  // namespace statusfs
