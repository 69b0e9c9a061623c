#include "fs/fuse/write_buffer.hpp"

#include <algorithm>
#include <utility>

#include "mapping/document/parse.hpp"
#include "mapping/document/utf8.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/validity.hpp"

namespace statusfs {
namespace {

// Beyond this size an incomplete document is parsed only when its brackets close, so that many small writes of a large
// one do not cost the square of its size.
constexpr std::size_t parse_always_below = 64 * 1024;

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

// True when the text is whole; throws when no further text can make it so. `balance`: of its beginning.
bool is_whole_json(std::string_view text, BracketBalance& balance) {
  balance.count(text);
  if (text.size() > parse_always_below && !balance.is_closed()) return false;
  try {
    parse_json(text);
    return true;
  } catch (const ParseError& error) {
    if (error.is_incomplete()) return false;
    throw Rejection(Cause::invalid, std::string("not valid JSON: ") + error.what());
  }
}

std::optional<std::string> incompleteness(std::string_view text) {
  try {
    parse_json(text);
    return std::nullopt;
  } catch (const ParseError& error) {
    return error.what();
  }
}

// What a file whose text is JSON takes.
std::string accepted_json(const Field& field) {
  if (field.type == FieldType::document) return accepted_by(field);
  if (field.type == FieldType::patch && field.in_task)
    return R"({"field": ..., "value": ..., "reason": ...} where the file takes overrides, else a patch)";
  return "a JSON merge patch (an object) or a JSON patch (an array)";
}

// `bytes` come behind `before` others. The newline that ends a text is no part of the value.
void require_size(std::size_t before, std::string_view bytes, std::size_t limit) {
  const std::size_t size = before + bytes.size() - (bytes.ends_with('\n') ? 1 : 0);
  if (size > limit)
    throw Rejection(Cause::too_large,
                    std::to_string(size) + " bytes; at most " + std::to_string(limit) + " are accepted");
}

}  // namespace

void BracketBalance::count(std::string_view text) noexcept {
  for (; counted_ < text.size(); ++counted_) {
    const char byte = text[counted_];
    if (is_escaped_) {
      is_escaped_ = false;
    } else if (in_string_ && byte == '\\') {
      is_escaped_ = true;
    } else if (byte == '"') {
      in_string_ = !in_string_;
    } else if (!in_string_) {
      depth_ += (byte == '{' || byte == '[') - (byte == '}' || byte == ']');
    }
  }
}

WriteBuffer::WriteBuffer(const Node& node, bool appends) : node_(node), appends_(appends), form_(form_of(node)) {}

WriteBuffer::Form WriteBuffer::form_of(const Node& node) {
  if (node.kind != Node::Kind::field) return Form::scalar;
  switch (node.field->type) {
    case FieldType::text:
      return Form::text;
    case FieldType::string_list:
      return Form::list;
    case FieldType::log:
      return Form::log;
    case FieldType::document:
    case FieldType::view:
    case FieldType::patch:
      return Form::document;
    case FieldType::string:
    case FieldType::integer:
    case FieldType::boolean:
    case FieldType::enumeration:
    case FieldType::hash:
    case FieldType::group:
    case FieldType::collection:
    case FieldType::board:
    case FieldType::events:
    case FieldType::page:
      return Form::scalar;
  }
  return Form::scalar;
}

std::optional<WriteRequest> WriteBuffer::write(std::string_view bytes, std::uint64_t offset) {
  last_was_refused_ = true;  // unless it is taken
  auto request = take(bytes, offset);
  last_was_refused_ = false;
  return request;
}

// What is too large for a scalar or a text is refused where its other faults are, so that the gravest of them is told;
// here only memory is bounded.
std::optional<WriteRequest> WriteBuffer::take(std::string_view bytes, std::uint64_t offset) {
  switch (form_) {
    case Form::scalar:
      return write_scalar(bytes, offset);
    case Form::text:
      return write_lines(bytes, offset, maximum_document_size);
    case Form::list:
      return write_lines(bytes, offset, maximum_scalar_size);
    case Form::log:
      return write_log(bytes);
    case Form::document:
      return write_document(bytes, offset);
  }
  return std::nullopt;
}

// With O_APPEND the kernel gives its own idea of the size as offset; this file's end is where the last write ended.
void WriteBuffer::extend(std::string_view bytes, std::uint64_t offset, std::size_t limit) {
  const bool starts_anew = offset == 0 && !appends_;
  if (!starts_anew && !appends_ && offset != text_.size())
    throw Rejection(Cause::invalid, "a write at offset " + std::to_string(offset) +
                                        " is not accepted; write from offset 0, or go on at " +
                                        std::to_string(text_.size()) + " where the last write ended");
  require_size(starts_anew ? 0 : text_.size(), bytes, limit);
  is_complete_before_ = is_complete_;
  if (starts_anew) return replace_text(std::string(bytes));
  text_before_.reset();
  size_before_ = text_.size();
  text_ += bytes;
}

void WriteBuffer::replace_text(std::string text) {
  text_before_ = std::exchange(text_, std::move(text));
  balance_ = {};
}

std::optional<WriteRequest> WriteBuffer::write_scalar(std::string_view bytes, std::uint64_t offset) {
  if (offset != 0)
    throw Rejection(Cause::invalid, "a write at offset " + std::to_string(offset) +
                                        " is not accepted; a scalar is written whole, in one write at offset 0");
  return request(WriteRequest::Kind::set, bytes);
}

std::optional<WriteRequest> WriteBuffer::write_lines(std::string_view bytes, std::uint64_t offset, std::size_t limit) {
  if (appends_) return append_lines(bytes, limit);
  extend(bytes, offset, limit);
  if (utf8_cut_length(text_) > 0) return std::nullopt;
  return request(WriteRequest::Kind::set, text_);
}

// Programs cut long output anywhere, also in the middle of a line or of a character; the next write goes on with it.
std::optional<WriteRequest> WriteBuffer::append_lines(std::string_view more, std::size_t limit) {
  const std::string joined = cut_ + std::string(more);
  const std::size_t cut = utf8_cut_length(joined);
  const std::string_view bytes = std::string_view(joined).substr(0, joined.size() - cut);
  require_size(unfinished_.size(), bytes, limit);
  cut_before_ = std::exchange(cut_, joined.substr(joined.size() - cut));
  if (bytes.empty()) return std::nullopt;
  WriteRequest lines = request(WriteRequest::Kind::append, bytes);
  lines.unfinished = unfinished_;
  unfinished_before_ = unfinished_;
  const std::size_t newline = bytes.rfind('\n');
  if (newline != std::string_view::npos) unfinished_.clear();
  unfinished_ += newline == std::string_view::npos ? bytes : bytes.substr(newline + 1);
  return lines;
}

// A line that begins like a JSON object may be cut by the writer's buffer; it waits for its rest. Plain text does so
// only where it ends within a character.
std::optional<WriteRequest> WriteBuffer::write_log(std::string_view bytes) {
  require_size(text_.size(), bytes, maximum_document_size);
  const std::string lines = text_ + std::string(bytes);
  const std::size_t last_newline = lines.rfind('\n');
  const std::size_t tail = last_newline == std::string::npos ? 0 : last_newline + 1;
  const std::string_view last_line = std::string_view(lines).substr(tail);
  BracketBalance of_line;
  const bool waits =
      utf8_cut_length(last_line) > 0 || (last_line.starts_with('{') && !is_whole_json(last_line, of_line));
  const std::string_view complete = std::string_view(lines).substr(0, waits ? tail : lines.size());
  replace_text(waits ? lines.substr(tail) : std::string());
  if (is_blank(complete)) return std::nullopt;
  return request(WriteRequest::Kind::append, complete);
}

std::optional<WriteRequest> WriteBuffer::write_document(std::string_view bytes, std::uint64_t offset) {
  const bool was_complete = is_complete_ && (offset != 0 || appends_);
  if (was_complete && !is_blank(bytes))
    throw Rejection(Cause::invalid,
                    "more text after a complete JSON value; one value is written for each time the file is opened");
  extend(bytes, offset, maximum_document_size);
  if (was_complete) return std::nullopt;
  is_complete_ = false;
  if (is_null_text()) return request(WriteRequest::Kind::set, text_);
  if (is_blank(text_)) return std::nullopt;  // what comes before the JSON
  try {
    is_complete_ = is_whole_json(text_, balance_);
  } catch (const Rejection&) {
    take_back();
    throw;
  }
  if (!is_complete_) return std::nullopt;
  return request(WriteRequest::Kind::set, text_);
}

// An empty line is null in a field that may be null.
bool WriteBuffer::is_null_text() const {
  const bool may_be_null = form_ == Form::document && node_.field->type == FieldType::document && node_.field->nullable;
  return may_be_null && (text_.empty() || text_ == "\n");
}

void WriteBuffer::take_back() {
  last_was_refused_ = true;
  if (text_before_)
    text_ = std::move(*text_before_);
  else
    text_.resize(std::min(size_before_, text_.size()));
  text_before_.reset();
  balance_ = {};
  size_before_ = text_.size();
  unfinished_ = unfinished_before_;
  cut_ = cut_before_;
  is_complete_ = is_complete_before_;
}

std::optional<std::string> WriteBuffer::complaint_at_close() const {
  const bool holds_text = form_ == Form::text || form_ == Form::list || form_ == Form::log;
  if (holds_text && utf8_cut_length(text_ + cut_) > 0) return "the text that was written ends within a UTF-8 character";
  const bool may_wait = form_ == Form::document || form_ == Form::log;
  if (!may_wait || is_complete_ || text_.empty()) return std::nullopt;
  if (is_blank(text_)) {
    if (form_ == Form::log || is_null_text()) return std::nullopt;
    return "nothing but white space was written; write " + accepted_json(*node_.field);
  }
  const auto reason = incompleteness(text_);
  if (!reason) return std::nullopt;
  return "the JSON text that was written is incomplete: " + *reason;
}

}  // namespace statusfs
