// Random JSON values for the randomised tests. Set STATUSFS_TEST_SEED to repeat a failure.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "mapping/document/value.hpp"

namespace statusfs {

class RandomValues {
 public:
  RandomValues() : seed_(chosen_seed()), engine_(seed_) {}

  std::string trace() const { return "STATUSFS_TEST_SEED=" + std::to_string(seed_); }

  std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine_); }

  Value value(std::size_t depth = 4) {
    switch (below(depth == 0 ? 5 : 7)) {
      case 0:
        return Value();
      case 1:
        return Value(below(2) == 0);
      case 2:
        return Value(static_cast<std::int64_t>(engine_()));
      case 3:
        return Value::number(lexeme());
      case 4:
        return Value(text());
      case 5:
        return array(depth);
      default:
        return object(depth);
    }
  }

  Value array(std::size_t depth) {
    std::vector<Value> elements(below(6));
    for (Value& element : elements) element = value(depth - 1);
    return Value::array(std::move(elements));
  }

  Value object(std::size_t depth) {
    Value result = Value::object();
    for (std::size_t count = below(6); count > 0; --count) result = result.with_member(text(), value(depth - 1));
    return result;
  }

  std::string text() {
    static const std::vector<std::string> pieces{"a",      "Z",      "0",          "/",     "~",    "\"",
                                                 "\\",     "\n",     "\t",         "\x01",  "\x1f", "\x7f",
                                                 "\u00e9", "\u20ac", "\U0001F602", "\uFB33"};
    std::string result;
    for (std::size_t count = below(12); count > 0; --count) result += pieces[below(pieces.size())];
    return result;
  }

  std::string lexeme() {
    static const std::vector<std::string> lexemes{"0",
                                                  "-0",
                                                  "1",
                                                  "-17",
                                                  "1.50",
                                                  "0.0",
                                                  "-0.0",
                                                  "1e3",
                                                  "1E+2",
                                                  "2e-7",
                                                  "9223372036854775807",
                                                  "9223372036854775808",
                                                  "-9223372036854775808",
                                                  "-9223372036854775809",
                                                  "18446744073709551616",
                                                  "123456789012345678901234567890",
                                                  "5e-324"};
    return lexemes[below(lexemes.size())];
  }

 private:
  static std::uint64_t chosen_seed() {
    const char* given = std::getenv("STATUSFS_TEST_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  }

  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

}  // namespace statusfs
