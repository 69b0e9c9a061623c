// Numbers: 64-bit integers, and every other number as the text that it was written in.
#include <algorithm>
#include <charconv>
#include <limits>

#include "mapping/document/value.hpp"

namespace statusfs {

Value Value::number(std::string_view lexeme) {
  std::int64_t integer = 0;
  const auto [end, error] = std::from_chars(lexeme.data(), lexeme.data() + lexeme.size(), integer);
  if (error == std::errc() && end == lexeme.data() + lexeme.size()) {
    Value small(integer);
    if (small.number_text() == lexeme) return small;
  }
  Value result(lexeme);
  result.kind_ = Kind::number;
  return result;
}

std::string Value::number_text() const {
  return kind_ == Kind::integer ? std::to_string(payload_.integer) : std::string(as_lexeme());
}

bool Value::is_integral() const noexcept {
  return kind_ == Kind::integer ||
         (kind_ == Kind::number && as_lexeme().find_first_of(".eE") == std::string_view::npos);
}

namespace {

// The power of ten of a lexeme's first digit other than 0, roughly: enough to tell too large from too small.
std::int64_t decimal_magnitude(std::string_view lexeme) noexcept {
  const std::size_t mark = std::min(lexeme.find_first_of("eE"), lexeme.size());
  const std::string_view digits = lexeme.substr(0, mark);
  const auto point = static_cast<std::int64_t>(std::min(digits.find('.'), digits.size()));
  const auto first = static_cast<std::int64_t>(std::min(digits.find_first_of("123456789"), digits.size()));
  std::string_view exponent_text = lexeme.substr(std::min(mark + 1, lexeme.size()));
  if (exponent_text.starts_with('+')) exponent_text.remove_prefix(1);
  std::int64_t exponent = 0;
  const auto parsed = std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
  if (parsed.ec == std::errc::result_out_of_range)
    exponent = exponent_text.starts_with('-') ? -1'000'000'000'000 : 1'000'000'000'000;
  return point - first + std::clamp<std::int64_t>(exponent, -1'000'000'000'000, 1'000'000'000'000);
}

// std::from_chars leaves its result alone for what is too large and too small alike.
double value_out_of_range(std::string_view lexeme) noexcept {
  const double magnitude = decimal_magnitude(lexeme) < 0 ? 0.0 : std::numeric_limits<double>::infinity();
  return lexeme.starts_with('-') ? -magnitude : magnitude;
}

}  // namespace

double Value::number_value() const noexcept {
  if (kind_ == Kind::integer) return static_cast<double>(payload_.integer);
  const std::string_view lexeme = as_lexeme();
  double result = 0;
  const auto parsed = std::from_chars(lexeme.data(), lexeme.data() + lexeme.size(), result);
  return parsed.ec == std::errc::result_out_of_range ? value_out_of_range(lexeme) : result;
}

}  // namespace statusfs
