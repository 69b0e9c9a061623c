// The quick way to read JSON text that is as it should be.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "mapping/document/json_patch.hpp"
#include "mapping/document/nesting.hpp"
#include "mapping/document/value.hpp"

namespace statusfs {

/// Thread safety: one thread at a time.
class PlainJsonParser {
 public:
  PlainJsonParser();
  ~PlainJsonParser();
  PlainJsonParser(PlainJsonParser&& other) noexcept;
  PlainJsonParser& operator=(PlainJsonParser&& other) noexcept;

  /// What parse_json_exactly() returns, or nothing where it refuses the text or this reader is not certain of it. Text
  /// with \u escapes and other rarities is left to parse_json_exactly(). `nesting` is at most maximum_record_nesting.
  std::optional<Value> parse(std::string_view text, std::size_t nesting = maximum_nesting);

  /// What parse_json(text).without_member(member) is for an object, whose member is passed over and not looked at;
  /// nothing as above.
  std::optional<Value> parse_without(std::string_view text, std::string_view member);

  /// What decode_json_patch(parse_json_exactly(text, maximum_patch_nesting)) returns, without the values in between;
  /// nothing as above.
  std::optional<std::vector<PatchOperation>> parse_patch(std::string_view text);

 private:
  class Memory;
  std::unique_ptr<Memory> memory_;
};

}  // namespace statusfs
