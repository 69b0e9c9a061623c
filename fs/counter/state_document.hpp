// What stands in a state file (state.txt): the global counter, among members that are not ours.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "mapping/document/value.hpp"

namespace statusfs {

/// A state file that cannot be used, and why.
class StateFileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One reading of a state file, of either shape:
///   {"os_file_header": {"v_file_instance", "g_file_last_modified"}, "payload": {"g"}}
///   {"header": {"v", "g"}, "payload": ..., "g"}                                        older
class StateDocument {
 public:
  /// Throws StateFileError with the line and column, or the JSON pointer, of what is wrong.
  static StateDocument parse(std::string_view text);

  /// Where the two members that hold it disagree: the larger, so that no number comes again.
  std::int64_t g() const noexcept { return g_; }

  /// The text of the next version, with this g; everything else is kept, with its order and digits.
  std::string advanced_to(std::int64_t g) const;

 private:
  struct Shape;
  static const Shape& shape_of(const Value& document);

  StateDocument(Value document, const Shape& shape, bool on_one_line);

  Value document_;
  const Shape* shape_;
  bool on_one_line_;
  std::int64_t version_;
  std::int64_t g_;
};

}  // namespace statusfs
