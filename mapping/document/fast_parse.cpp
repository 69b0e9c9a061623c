#include "mapping/document/fast_parse.hpp"

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "mapping/document/known_keys.hpp"
#include "mapping/document/parse.hpp"

namespace statusfs {
namespace {

namespace ondemand = simdjson::ondemand;

// Thrown and caught in this file alone.
struct Uncertain {};

template <typename Result>
auto certain(Result result) {
  if (result.error()) throw Uncertain();
  return std::move(result).value_unsafe();
}

// simdjson's readers are lazy: only what is asked for is checked. So everything is asked for.
class Reader {
 public:
  Value read(ondemand::value value, std::size_t level) {
    switch (certain(value.type())) {
      case ondemand::json_type::object:
        return read_object(certain(value.get_object()), level);
      case ondemand::json_type::array:
        return read_array(certain(value.get_array()), level);
      case ondemand::json_type::string:
        return Value(certain(value.get_string()));
      case ondemand::json_type::number:
        return read_number(value);
      case ondemand::json_type::boolean:
        return Value(certain(value.get_bool()));
      case ondemand::json_type::null:
        if (!certain(value.is_null())) throw Uncertain();
        return Value();
    }
    throw Uncertain();
  }

  Value read_object(ondemand::object object, std::size_t level) {
    if (level > maximum_nesting) throw Uncertain();
    const std::size_t begin = members_.size(), keys_begin = open_keys_.size();
    for (auto field : object) {
      auto member = certain(std::move(field));
      KnownKeys::Key& key = keys_.of(certain(member.unescaped_key()));
      if (!key.open(level)) throw Uncertain();
      open_keys_.push_back(&key);
      Value value = read(member.value(), level + 1);
      members_.emplace_back(key.value(), std::move(value));
    }
    for (std::size_t at = keys_begin; at < open_keys_.size(); ++at) open_keys_[at]->close(level);
    open_keys_.resize(keys_begin);
    return Value::object(taken_from(members_, begin));
  }

  Value read_array(ondemand::array array, std::size_t level) {
    if (level > maximum_nesting) throw Uncertain();
    const std::size_t begin = elements_.size();
    for (auto element : array) elements_.push_back(read(certain(element), level + 1));
    return Value::array(taken_from(elements_, begin));
  }

 private:
  template <typename Element>
  static std::vector<Element> taken_from(std::vector<Element>& stack, std::size_t begin) {
    const auto first = stack.begin() + static_cast<std::ptrdiff_t>(begin);
    std::vector<Element> taken(std::make_move_iterator(first), std::make_move_iterator(stack.end()));
    stack.erase(first, stack.end());
    return taken;
  }

  static Value read_number(ondemand::value& value) {
    std::string_view lexeme = value.raw_json_token();
    lexeme = lexeme.substr(0, lexeme.find_last_not_of(" \t\r\n") + 1);
    Value number = Value::number(lexeme);
    if (!number.is_integer()) certain(value.get_double());  // says whether it is a number at all, and within range
    return number;
  }

  KnownKeys keys_;
  std::vector<Member> members_;  // of all objects that are being read, as elements_ of all arrays
  std::vector<Value> elements_;
  std::vector<KnownKeys::Key*> open_keys_;  // of all objects that are being read
};

bool is_plain(std::string_view text) {
  return text.find('\0') == std::string_view::npos && text.find("\\u") == std::string_view::npos &&
         !text.starts_with('\xEF');
}

Value read_root(ondemand::document& document) {
  Reader reader;
  Value root = [&] {
    switch (certain(document.type())) {
      case ondemand::json_type::object:
        return reader.read_object(certain(document.get_object()), 1);
      case ondemand::json_type::array:
        return reader.read_array(certain(document.get_array()), 1);
      default:
        throw Uncertain();
    }
  }();
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) throw Uncertain();  // something stands behind it
  return root;
}

}  // namespace

struct PlainJsonParser::Memory {
  ondemand::parser parser;
  std::string padded;
};

PlainJsonParser::PlainJsonParser() : memory_(std::make_unique<Memory>()) {}
PlainJsonParser::~PlainJsonParser() = default;
PlainJsonParser::PlainJsonParser(PlainJsonParser&& other) noexcept = default;
PlainJsonParser& PlainJsonParser::operator=(PlainJsonParser&& other) noexcept = default;

std::optional<Value> PlainJsonParser::parse(std::string_view text) try {
  if (!is_plain(text)) return std::nullopt;
  std::string& padded = memory_->padded;
  padded.clear();
  padded.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  padded.append(text).append(simdjson::SIMDJSON_PADDING, '\0');
  ondemand::document document = certain(memory_->parser.iterate(padded.data(), text.size(), padded.size()));
  return read_root(document);
} catch (const Uncertain&) {
  return std::nullopt;
}

}  // namespace statusfs
