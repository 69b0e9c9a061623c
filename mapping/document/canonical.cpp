#include "mapping/document/canonical.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <utility>

#include "mapping/document/text.hpp"

namespace statusfs {

namespace {

// A finite positive double as its shortest digits d1 d2 d3... and the power of ten of d1.
struct Decimal {
  std::string digits;
  int exponent;
};

Decimal shortest_decimal(double number) {
  std::array<char, 32> buffer;
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific);
  static_cast<void>(error);  // 32 bytes hold every double
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t mark = text.find('e');
  Decimal result{std::string(text.substr(0, 1)), 0};
  if (mark > 2) result.digits += text.substr(2, mark - 2);
  const std::size_t exponent_begin = text[mark + 1] == '+' ? mark + 2 : mark + 1;
  std::from_chars(text.data() + exponent_begin, text.data() + text.size(), result.exponent);
  return result;
}

std::string with_exponent(const Decimal& decimal) {
  std::string result = decimal.digits.substr(0, 1);
  if (decimal.digits.size() > 1) result += "." + decimal.digits.substr(1);
  result += decimal.exponent < 0 ? "e" : "e+";
  return result + std::to_string(decimal.exponent);
}

std::string without_exponent(const Decimal& decimal) {
  if (decimal.exponent < 0)
    return "0." + std::string(static_cast<std::size_t>(-decimal.exponent - 1), '0') + decimal.digits;
  const std::size_t before_point = static_cast<std::size_t>(decimal.exponent) + 1;
  std::string result = decimal.digits;
  if (result.size() <= before_point) return result.append(before_point - result.size(), '0');
  return result.insert(before_point, 1, '.');
}

// UTF-8 sorts as code points do. UTF-16 differs in one thing: its surrogates, which stand for all beyond U+FFFF
// (lead bytes F0-F4), come before U+E000-FFFF (lead bytes EE and EF).
unsigned utf16_rank(char byte) noexcept {
  const unsigned rank = static_cast<unsigned char>(byte);
  return rank == 0xEE || rank == 0xEF ? rank + 0x10 : rank;
}

bool is_in_order(std::span<const Member> members) noexcept {
  return std::is_sorted(members.begin(), members.end(),
                        [](const Member& left, const Member& right) { return utf16_less(left.name(), right.name()); });
}

void append_member(std::string& out, const Member& member, bool first) {
  if (!first) out.push_back(',');
  append_quoted(out, member.name());
  out.push_back(':');
  append_canonical(out, member.value);
}

// `left_out`: a member that is passed over, or nullptr.
void append_canonical_object(std::string& out, std::span<const Member> members, const Member* left_out = nullptr) {
  out.push_back('{');
  bool first = true;
  const auto append = [&](const Member& member) {
    if (&member != left_out) append_member(out, member, std::exchange(first, false));
  };
  if (is_in_order(members)) {
    for (const Member& member : members) append(member);
  } else {
    for (const std::size_t at : canonical_order(members)) append(members[at]);
  }
  out.push_back('}');
}

void append_canonical_array(std::string& out, const Value& array) {
  out.push_back('[');
  for (std::size_t position = 0; position < array.size(); ++position) {
    if (position > 0) out.push_back(',');
    append_canonical(out, array.element(position));
  }
  out.push_back(']');
}

// Only of Kind::number; Kind::integer is canonical as it stands.
void append_canonical_number(std::string& out, const Value& number) {
  if (!number.is_integral()) {
    out += ecmascript_number(number.number_value());
  } else {
    out += number.as_lexeme() == "-0" ? "0" : number.as_lexeme();
  }
}

}  // namespace

void append_canonical(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::object:
      return append_canonical_object(out, value.members());
    case Value::Kind::array:
      return append_canonical_array(out, value);
    case Value::Kind::number:
      return append_canonical_number(out, value);
    default:
      return append_compact(out, value);
  }
}

namespace {

constexpr std::size_t usual_size = 1024;

}  // namespace

std::string canonical(const Value& value) {
  std::string result;
  if (value.is_container()) result.reserve(usual_size);
  append_canonical(result, value);
  return result;
}

std::string canonical_without(const Value& object, std::string_view key) {
  std::string result;
  result.reserve(usual_size);
  const auto members = object.members();
  const auto left_out =
      std::find_if(members.begin(), members.end(), [key](const Member& member) { return member.name() == key; });
  append_canonical_object(result, members, left_out == members.end() ? nullptr : &*left_out);
  return result;
}

bool utf16_less(std::string_view left, std::string_view right) noexcept {
  const std::size_t shorter = std::min(left.size(), right.size());
  const auto difference =
      std::mismatch(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(shorter), right.begin());
  if (difference.first == left.begin() + static_cast<std::ptrdiff_t>(shorter)) return left.size() < right.size();
  return utf16_rank(*difference.first) < utf16_rank(*difference.second);
}

std::vector<std::size_t> canonical_order(std::span<const Member> members) {
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [members](std::size_t left, std::size_t right) {
    return utf16_less(members[left].name(), members[right].name());
  });
  return order;
}

std::string ecmascript_number(double number) {
  if (number == 0) return "0";
  if (number < 0) return "-" + ecmascript_number(-number);
  const Decimal decimal = shortest_decimal(number);
  const bool is_plain = decimal.exponent > -7 && decimal.exponent < 21;
  return is_plain ? without_exponent(decimal) : with_exponent(decimal);
}

}  // namespace statusfs
