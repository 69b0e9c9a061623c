// The quick way to read JSON text that is as it should be.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "mapping/document/value.hpp"

namespace statusfs {

/// Thread safety: one thread at a time.
class PlainJsonParser {
 public:
  PlainJsonParser();
  ~PlainJsonParser();
  PlainJsonParser(PlainJsonParser&& other) noexcept;
  PlainJsonParser& operator=(PlainJsonParser&& other) noexcept;

  /// What parse_json() returns for the text, or nothing where it refuses the text or this reader is not certain of it.
  /// Text with \u escapes and other rarities is left to parse_json().
  std::optional<Value> parse(std::string_view text);

 private:
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

}  // namespace statusfs
