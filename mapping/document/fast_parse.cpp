#include "mapping/document/fast_parse.hpp"

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "mapping/document/json_patch_text.hpp"
#include "mapping/document/known_keys.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {

// Named, because PlainJsonParser::Memory has a part of it.
namespace plain_json {

namespace ondemand = simdjson::ondemand;

// Thrown and caught in this file alone.
struct Uncertain {};

template <typename Result>
auto certain(Result result) {
  if (result.error()) throw Uncertain();
  return std::move(result).value_unsafe();
}

// simdjson's readers are lazy: only what is asked for is checked. So everything is asked for. `nesting` is how many
// levels a value may have, which tells the objects that are open at a time apart, too.
class Reader {
 public:
  Value read(ondemand::value value, std::size_t nesting) {
    switch (certain(value.type())) {
      case ondemand::json_type::object:
        return read_object(certain(value.get_object()), nesting);
      case ondemand::json_type::array:
        return read_array(certain(value.get_array()), nesting);
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

  /// `left_out`: a member that is passed over, or nullptr.
  Value read_object(ondemand::object object, std::size_t nesting, const std::string_view* left_out = nullptr) {
    if (nesting == 0) throw Uncertain();
    const std::size_t begin = members_.size(), keys_begin = open_keys_.size();
    for (auto field : object) {
      auto member = certain(std::move(field));
      const std::string_view name = certain(member.unescaped_key());
      if (left_out && name == *left_out) continue;
      KnownKeys::Key& key = keys_.of(name);
      if (!key.open(nesting)) throw Uncertain();
      open_keys_.push_back(&key);
      Value value = read(member.value(), nesting - 1);
      members_.emplace_back(key.value(), std::move(value));
    }
    for (std::size_t at = keys_begin; at < open_keys_.size(); ++at) open_keys_[at]->close(nesting);
    open_keys_.resize(keys_begin);
    return Value::object(taken_from(members_, begin));
  }

  Value read_array(ondemand::array array, std::size_t nesting) {
    if (nesting == 0) throw Uncertain();
    const std::size_t begin = elements_.size();
    for (auto element : array) elements_.push_back(read(certain(element), nesting - 1));
    return Value::array(taken_from(elements_, begin));
  }

  std::vector<PatchOperation> read_patch(ondemand::array array) {
    constexpr std::size_t usual_count = 16;  // of a mutation: its value and the stamps
    std::vector<PatchOperation> operations;
    operations.reserve(usual_count);
    for (auto element : array) operations.push_back(read_operation(certain(certain(element).get_object())));
    return operations;
  }

  /// So many keys are worth their memory to whoever reads another text.
  bool has_few_keys() const noexcept {
    constexpr std::size_t few = 4096;
    return keys_.size() <= few;
  }

 private:
  // Every member once and no other; which of them an operation may have is for decode_json_patch() to say.
  PatchOperation read_operation(ondemand::object object) {
    std::optional<PatchOperation::Kind> kind;
    std::optional<Pointer> path, from;
    std::optional<Value> value;
    for (auto field : object) {
      auto member = certain(std::move(field));
      const std::string_view name = certain(member.unescaped_key());
      if (name == "op" && !kind) {
        kind = patch_operation_kind(certain(member.value().get_string()));
      } else if (name == "path" && !path) {
        path = Pointer::parse(certain(member.value().get_string()));
      } else if (name == "from" && !from) {
        from = Pointer::parse(certain(member.value().get_string()));
      } else if (name == "value" && !value) {
        value = read(member.value(), maximum_nesting);
      } else {
        throw Uncertain();
      }
    }
    if (!kind || !path || from.has_value() != has_from(*kind) || value.has_value() != has_value(*kind))
      throw Uncertain();
    return {*kind, *std::move(path), std::move(from).value_or(Pointer()), std::move(value).value_or(Value())};
  }

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

inline bool is_plain(std::string_view text) {
  return text.find('\0') == std::string_view::npos && text.find("\\u") == std::string_view::npos &&
         !text.starts_with('\xEF');
}

inline Value read_root(Reader& reader, ondemand::document& document, std::size_t nesting) {
  switch (certain(document.type())) {
    case ondemand::json_type::object:
      return reader.read_object(certain(document.get_object()), nesting);
    case ondemand::json_type::array:
      return reader.read_array(certain(document.get_array()), nesting);
    default:
      throw Uncertain();
  }
}

}  // namespace plain_json

class PlainJsonParser::Memory {
 public:
  /// What `make(reader, document)` makes of the whole text.
  template <typename Read>
  auto read(std::string_view text, const Read& make)
      -> std::optional<decltype(make(std::declval<plain_json::Reader&>(),
                                     std::declval<simdjson::ondemand::document&>()))> try {
    if (!plain_json::is_plain(text)) return std::nullopt;
    padded_.clear();
    padded_.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    padded_.append(text).append(simdjson::SIMDJSON_PADDING, '\0');
    if (!reader_ || !reader_->has_few_keys()) reader_.emplace();
    simdjson::ondemand::document document =
        plain_json::certain(parser_.iterate(padded_.data(), text.size(), padded_.size()));
    auto result = make(*reader_, document);
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return std::nullopt;  // something is behind it
    return result;
  } catch (const plain_json::Uncertain&) {
    reader_.reset();  // it stands somewhere within the text
    return std::nullopt;
  }

 private:
  simdjson::ondemand::parser parser_;
  std::string padded_;
  std::optional<plain_json::Reader> reader_;
};

PlainJsonParser::PlainJsonParser() : memory_(std::make_unique<Memory>()) {}
PlainJsonParser::~PlainJsonParser() = default;
PlainJsonParser::PlainJsonParser(PlainJsonParser&& other) noexcept = default;
PlainJsonParser& PlainJsonParser::operator=(PlainJsonParser&& other) noexcept = default;

std::optional<Value> PlainJsonParser::parse(std::string_view text, std::size_t nesting) {
  return memory_->read(text, [nesting](plain_json::Reader& reader, simdjson::ondemand::document& document) {
    return plain_json::read_root(reader, document, nesting);
  });
}

std::optional<Value> PlainJsonParser::parse_without(std::string_view text, std::string_view member) {
  return memory_->read(text, [member](plain_json::Reader& reader, simdjson::ondemand::document& document) {
    return reader.read_object(plain_json::certain(document.get_object()), maximum_nesting, &member);
  });
}

std::optional<std::vector<PatchOperation>> PlainJsonParser::parse_patch(std::string_view text) {
  return memory_->read(text, [](plain_json::Reader& reader, simdjson::ondemand::document& document) {
    try {
      return reader.read_patch(plain_json::certain(document.get_array()));
    } catch (const Rejection&) {
      throw plain_json::Uncertain();  // a pointer that is none
    }
  });
}

}  // namespace statusfs
