// What the writes of one open file mean, one after another.
//
// A scalar is one write at offset 0. Lists, texts and documents may come in several writes that go on where the last
// one ended; then the value is all that was written. Patches and documents are requests once their text is complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mapping/rules/write_request.hpp"

namespace statusfs {

/// Whether every bracket outside of strings is closed, counted on as the text grows: a cheap sign that a document may
/// be complete.
class BracketBalance {
 public:
  /// `text` begins with what was counted before.
  void count(std::string_view text) noexcept;
  bool is_closed() const noexcept { return depth_ <= 0 && !in_string_; }

 private:
  std::size_t counted_ = 0;
  std::ptrdiff_t depth_ = 0;
  bool in_string_ = false;
  bool is_escaped_ = false;
};

/// Thread safety: one thread at a time.
class WriteBuffer {
 public:
  /// `appends`: the file was opened with O_APPEND.
  WriteBuffer(const Node& node, bool appends);

  /// Takes one write. The request to be carried out, or nothing while the text is incomplete or only white space came
  /// after a complete one. Throws Rejection(invalid, too_large); then nothing of this write was taken.
  std::optional<WriteRequest> write(std::string_view bytes, std::uint64_t offset);
  /// The request that the last write() returned was refused: as if that write had not been.
  void take_back();

  /// Whether complaint_at_close() may ever return something: whether a write may leave something for the next.
  bool may_be_incomplete() const noexcept { return form_ != Form::scalar; }
  /// What is wrong with text that is still incomplete when the file is closed, or nothing.
  std::optional<std::string> complaint_at_close() const;
  /// Whether the last write was refused: then the writer was told why the text has no end.
  bool was_refused() const noexcept { return last_was_refused_; }

 private:
  enum class Form { scalar, text, list, log, document };
  static Form form_of(const Node& node);

  std::optional<WriteRequest> take(std::string_view bytes, std::uint64_t offset);
  void replace_text(std::string text);
  void extend(std::string_view bytes, std::uint64_t offset, std::size_t limit);
  std::optional<WriteRequest> write_scalar(std::string_view bytes, std::uint64_t offset);
  std::optional<WriteRequest> write_lines(std::string_view bytes, std::uint64_t offset, std::size_t limit);
  std::optional<WriteRequest> append_lines(std::string_view bytes, std::size_t limit);
  std::optional<WriteRequest> write_log(std::string_view bytes);
  std::optional<WriteRequest> write_document(std::string_view bytes, std::uint64_t offset);
  bool is_null_text() const;
  WriteRequest request(WriteRequest::Kind kind, std::string_view text) const {
    return {kind, node_, std::string(text)};
  }

  const Node node_;
  const bool appends_;
  const Form form_;
  BracketBalance balance_;       // of text_, of a document
  std::string text_;             // all that was written since offset 0; of a log: the line that is not complete yet
  std::size_t size_before_ = 0;  // of text_, before the last write, which went on with it
  std::optional<std::string> text_before_;  // text_ before the last write, where it began anew
  std::string unfinished_;                  // of lines that are appended: the last one, while no newline has ended it
  std::string unfinished_before_;           // unfinished_ before the last write
  std::string cut_;                  // of lines that are appended: the beginning of a character that the last write cut
  std::string cut_before_;           // cut_ before the last write
  bool is_complete_ = false;         // text_ is a whole document that was turned into a request
  bool is_complete_before_ = false;  // is_complete_ before the last write
  bool last_was_refused_ = false;    // the last write
};

}  // namespace statusfs
