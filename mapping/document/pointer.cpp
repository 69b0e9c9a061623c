#include "mapping/document/pointer.hpp"

#include <algorithm>
#include <charconv>

#include "mapping/rejection.hpp"

namespace statusfs {

namespace {

[[noreturn]] void refuse(std::string_view text, const char* reason) {
  throw Rejection(Cause::invalid, "\"" + std::string(text) + "\" is no JSON pointer: " + reason);
}

std::string unescaped(std::string_view token, std::string_view whole) {
  if (token.find('~') == std::string_view::npos) return std::string(token);
  std::string result;
  result.reserve(token.size());
  for (std::size_t position = 0; position < token.size(); ++position) {
    if (token[position] != '~') {
      result.push_back(token[position]);
      continue;
    }
    ++position;
    const char code = position < token.size() ? token[position] : '\0';
    if (code != '0' && code != '1') refuse(whole, "a '~' must be followed by 0 or 1");
    result.push_back(code == '0' ? '~' : '/');
  }
  return result;
}

void append_escaped(std::string& out, std::string_view token) {
  for (const char character : token) {
    if (character == '~') {
      out += "~0";
    } else if (character == '/') {
      out += "~1";
    } else {
      out.push_back(character);
    }
  }
}

}  // namespace

Pointer Pointer::parse(std::string_view text) {
  if (text.empty()) return Pointer();
  if (text.front() != '/') refuse(text, "it must be empty or begin with '/'");
  std::vector<std::string> tokens;
  tokens.reserve(static_cast<std::size_t>(std::ranges::count(text, '/')));
  std::size_t begin = 1;
  while (true) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    tokens.push_back(unescaped(text.substr(begin, end - begin), text));
    if (end == text.size()) return Pointer(std::move(tokens));
    begin = end + 1;
  }
}

Pointer Pointer::child(std::string_view token) const {
  std::vector<std::string> tokens;
  tokens.reserve(tokens_.size() + 1);
  tokens = tokens_;
  tokens.emplace_back(token);
  return Pointer(std::move(tokens));
}

Pointer Pointer::child(std::size_t index) const { return child(std::to_string(index)); }

Pointer Pointer::concat(const Pointer& below) const {
  std::vector<std::string> tokens = tokens_;
  tokens.insert(tokens.end(), below.tokens_.begin(), below.tokens_.end());
  return Pointer(std::move(tokens));
}

Pointer Pointer::behind(std::size_t count) const {
  return Pointer(std::vector<std::string>(tokens_.begin() + static_cast<std::ptrdiff_t>(count), tokens_.end()));
}

Pointer Pointer::parent() const { return Pointer(std::vector<std::string>(tokens_.begin(), tokens_.end() - 1)); }

bool Pointer::starts_with(const Pointer& prefix) const noexcept {
  return prefix.tokens_.size() <= tokens_.size() &&
         std::equal(prefix.tokens_.begin(), prefix.tokens_.end(), tokens_.begin());
}

std::string Pointer::text() const {
  std::string result;
  for (const std::string& token : tokens_) {
    result.push_back('/');
    append_escaped(result, token);
  }
  return result;
}

const Value* find(const Value& document, const Pointer& pointer) noexcept {
  const Value* value = &document;
  for (const std::string& token : pointer.tokens()) {
    value = find_child(*value, token);
    if (value == nullptr) return nullptr;
  }
  return value;
}

const Value* find_child(const Value& container, std::string_view token) noexcept {
  if (container.is_object()) return container.find(token);
  if (!container.is_array()) return nullptr;
  const auto index = array_index(token);
  return index && *index < container.size() ? &container.element(*index) : nullptr;
}

std::optional<std::size_t> array_index(std::string_view token) noexcept {
  if (token.empty() || (token.front() == '0' && token.size() > 1)) return std::nullopt;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return index;
}

}  // namespace statusfs
