#include "mapping/document/parse.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "mapping/document/json_patch_text.hpp"
#include "mapping/document/known_keys.hpp"

namespace statusfs {

namespace {

std::string message_of(std::size_t line, std::size_t column, const std::string& reason) {
  return "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + reason;
}

}  // namespace

ParseError::ParseError(std::size_t line, std::size_t column, bool incomplete, const std::string& reason)
    : std::runtime_error(message_of(line, column, reason)), line_(line), column_(column), incomplete_(incomplete) {}

namespace {

[[noreturn]] void refuse(std::string_view text, std::size_t offset, bool incomplete, const std::string& reason) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  throw ParseError(static_cast<std::size_t>(lines) + 1, offset - line_begin + 1, incomplete, reason);
}

// Where the string begins whose closing quote stands at `closing`. A quote inside has an odd number of backslashes
// before it; the opening one has none.
std::size_t opening_quote(std::string_view text, std::size_t closing) noexcept {
  std::size_t position = closing;
  while (position > 0) {
    position = text.rfind('"', position - 1);
    std::size_t backslashes = 0;
    while (backslashes < position && text[position - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return position;
  }
  return position;
}

bool is_word_character(char character) noexcept {
  return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') || character == 'E' ||
         character == '.' || character == '+' || character == '-';
}

// Where a complete string, number or literal begins that ends at `last`.
std::size_t token_begin(std::string_view text, std::size_t last) noexcept {
  if (text[last] == '"') return opening_quote(text, last);
  while (last > 0 && is_word_character(text[last]) && is_word_character(text[last - 1])) --last;
  return last;
}

// "[json.exception...] parse error at line 1, column 2: syntax error while parsing value - REASON; last read: 'x'".
std::string reason_of(std::string_view message) {
  const std::size_t dash = message.find(" - ");
  if (dash != std::string_view::npos) message.remove_prefix(dash + 3);
  return std::string(message.substr(0, message.find("; last read: ")));
}

// Walks over the text and tells the handler, through `consumed`, how far the lexer has read.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* position, const char** consumed) noexcept : position_(position), consumed_(consumed) {}
  reference operator*() const noexcept { return *position_; }
  CountingIterator& operator++() noexcept {
    *consumed_ = ++position_;
    return *this;
  }
  bool operator==(const CountingIterator& other) const noexcept { return position_ == other.position_; }

 private:
  const char* position_;
  const char** consumed_;
};

// Builds the value from nlohmann's events. Members and elements of all open containers lie on one stack each.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(std::string_view text, std::size_t nesting) : text_(text), nesting_(nesting), consumed_(text.data()) {}

  const char** consumed() noexcept { return &consumed_; }
  Value take() noexcept { return std::move(root_); }

  bool null() override { return accept(Value()); }
  bool boolean(bool boolean) override { return accept(Value(boolean)); }
  bool number_integer(number_integer_t integer) override;
  bool number_unsigned(number_unsigned_t integer) override;
  bool number_float(number_float_t, const string_t& lexeme) override { return accept(Value::number(lexeme)); }
  bool string(string_t& text) override { return accept(Value(std::string_view(text))); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(members_.size()); }
  bool key(string_t& name) override;
  bool end_object() override;
  bool start_array(std::size_t) override { return open(elements_.size()); }
  bool end_array() override;
  bool parse_error(std::size_t bytes_read, const std::string&, const nlohmann::detail::exception& error) override;

 private:
  struct Container {
    std::size_t begin;  // of its members or elements on their stack
    bool is_object;
  };

  bool open(std::size_t begin);
  bool accept(Value value);
  std::size_t last_read() const noexcept { return static_cast<std::size_t>(consumed_ - text_.data()) - 1; }

  std::string_view text_;
  std::size_t nesting_;
  const char* consumed_;
  Value root_;
  std::vector<Container> containers_;
  std::vector<Value> elements_;
  std::vector<Member> members_;
  std::vector<KnownKeys::Key*> member_keys_;  // of members_, one each
  KnownKeys known_keys_;
};

bool Builder::number_integer(number_integer_t integer) {
  // The lexer asks for a sign: the only 0 that has one is -0.
  return accept(integer == 0 ? Value::number("-0") : Value(static_cast<std::int64_t>(integer)));
}

bool Builder::number_unsigned(number_unsigned_t integer) {
  if (!std::in_range<std::int64_t>(integer)) return accept(Value::number(std::to_string(integer)));
  return accept(Value(static_cast<std::int64_t>(integer)));
}

bool Builder::open(std::size_t begin) {
  if (containers_.size() == nesting_) {
    refuse(text_, last_read(), false, "nested deeper than " + std::to_string(nesting_) + " levels");
  }
  containers_.push_back({begin, text_[last_read()] == '{'});
  return true;
}

bool Builder::accept(Value value) {
  if (containers_.empty()) {
    root_ = std::move(value);
  } else if (containers_.back().is_object) {
    members_.back().value = std::move(value);
  } else {
    elements_.push_back(std::move(value));
  }
  return true;
}

bool Builder::key(string_t& name) {
  KnownKeys::Key& key = known_keys_.of(name);
  if (!key.open(containers_.size()))
    refuse(text_, opening_quote(text_, last_read()), false, "the key \"" + name + "\" occurs twice in one object");
  members_.emplace_back(key.value(), Value());
  member_keys_.push_back(&key);
  return true;
}

bool Builder::end_object() {
  const std::size_t begin = containers_.back().begin;
  for (std::size_t at = begin; at < member_keys_.size(); ++at) member_keys_[at]->close(containers_.size());
  member_keys_.resize(begin);
  containers_.pop_back();
  const auto first = members_.begin() + static_cast<std::ptrdiff_t>(begin);
  std::vector<Member> members(std::make_move_iterator(first), std::make_move_iterator(members_.end()));
  members_.erase(first, members_.end());
  return accept(Value::object(std::move(members)));
}

bool Builder::end_array() {
  const auto first = elements_.begin() + static_cast<std::ptrdiff_t>(containers_.back().begin);
  containers_.pop_back();
  std::vector<Value> elements(std::make_move_iterator(first), std::make_move_iterator(elements_.end()));
  elements_.erase(first, elements_.end());
  return accept(Value::array(std::move(elements)));
}

// `bytes_read` counts the attempt to read behind the end, too.
bool Builder::parse_error(std::size_t bytes_read, const std::string&, const nlohmann::detail::exception& error) {
  constexpr int number_overflow = 406;
  const std::size_t last = bytes_read - 1;
  if (error.id == number_overflow) {
    refuse(text_, token_begin(text_, last), false, "the number is beyond the range of a double");
  }
  if (last >= text_.size()) refuse(text_, text_.size(), true, reason_of(error.what()));
  if (text_[last] == '\0') refuse(text_, last, false, "unexpected NUL byte");
  const std::string reason = reason_of(error.what());
  const bool is_whole_token = reason.starts_with("unexpected ");
  refuse(text_, is_whole_token ? token_begin(text_, last) : last, false, reason);
}

}  // namespace

Value parse_json(std::string_view text) { return JsonParser().parse(text); }

Value JsonParser::parse(std::string_view text, std::size_t nesting) {
  if (auto value = plain_.parse(text, nesting)) return *std::move(value);
  return parse_json_exactly(text, nesting);
}

Value JsonParser::parse_without(std::string_view text, std::string_view member) {
  if (auto value = plain_.parse_without(text, member)) return *std::move(value);
  return parse_json_exactly(text).without_member(member);
}

std::vector<PatchOperation> JsonParser::parse_patch(std::string_view text) {
  if (auto operations = plain_.parse_patch(text)) return *std::move(operations);
  return decode_json_patch(parse_json_exactly(text, maximum_patch_nesting));
}

Value parse_json_exactly(std::string_view text, std::size_t nesting) {
  // nlohmann would skip it.
  if (text.starts_with('\xEF'))
    refuse(text, 0, false, "a byte order mark is not allowed; the text must begin with a value");
  Builder builder(text, nesting);
  const CountingIterator begin(text.data(), builder.consumed());
  const CountingIterator end(text.data() + text.size(), nullptr);
  nlohmann::json::sax_parse(begin, end, &builder);
  // nlohmann takes a NUL between tokens for the end.
  const std::size_t nul = text.find('\0');
  if (nul != std::string_view::npos) refuse(text, nul, false, "unexpected NUL byte");
  return builder.take();
}

}  // namespace statusfs
