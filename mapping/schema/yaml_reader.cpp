#include "mapping/schema/yaml_reader.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "mapping/document/utf8.hpp"
#include "mapping/schema/mapping_error.hpp"

namespace statusfs {
namespace {

constexpr std::size_t longest_quotation = 80;

bool is_control_byte(char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F; }

}  // namespace

bool has_control_bytes(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), is_control_byte);
}

std::string in_quotes(std::string_view text) {
  std::string shown(utf8_prefix(text, longest_quotation));
  const bool is_whole = shown.size() == text.size();
  std::replace_if(shown.begin(), shown.end(), is_control_byte, '?');
  return "'" + shown + (is_whole ? "'" : "...'");
}

std::string alternatives(const std::vector<std::string>& words) {
  if (words.empty()) return "nothing";
  std::string list = words.front();
  for (std::size_t i = 1; i < words.size(); ++i) list += (i + 1 == words.size() ? " or " : ", ") + words[i];
  return list;
}

void YamlNode::fail(const std::string& sentence) const {
  throw MappingError(*origin_ + ":" + std::to_string(line_) + ": " + sentence);
}

std::string YamlNode::label() const { return key_.empty() ? "the value" : in_quotes(key_); }

const std::string& YamlNode::any_text() const {
  if (!is_text()) fail(label() + " must be a text (in quotes where it could be taken for something else)");
  return text_;
}

const std::string& YamlNode::line_of_text() const {
  if (any_text().empty() || has_control_bytes(text_)) fail(label() + " must be one line of text, and not empty");
  return text_;
}

bool YamlNode::flag() const {
  if (!is_plain() || (text_ != "true" && text_ != "false")) fail(label() + " must be true or false");
  return text_ == "true";
}

std::int64_t YamlNode::integer() const {
  std::int64_t number = 0;
  if (is_plain()) std::from_chars(text_.data(), text_.data() + text_.size(), number);
  if (!is_plain() || std::to_string(number) != text_) {
    fail(label() + " must be an integer: decimal digits, perhaps with a '-' before them");
  }
  return number;
}

const std::vector<YamlNode>& YamlNode::items() const {
  if (!is_list()) fail(label() + " must be a list: [one, two]");
  return children_;
}

const std::vector<YamlNode>& YamlNode::entries() const {
  if (!is_map()) fail(label() + " must be a map: lines of 'key: value'");
  return children_;
}

const YamlNode& YamlNode::only_entry() const {
  if (entries().size() != 1) fail(label() + " must be a map with exactly one entry");
  return children_.front();
}

std::vector<std::string> YamlNode::distinct_texts() const {
  std::vector<std::string> texts;
  std::set<std::string_view> seen;
  for (const YamlNode& item : items()) {
    if (!seen.insert(item.line_of_text()).second)
      item.fail(in_quotes(item.text_) + " stands twice in " + label() + "; once is enough");
    texts.push_back(item.text_);
  }
  return texts;
}

const YamlNode* YamlNode::find(std::string_view key) const noexcept {
  if (!is_map()) return nullptr;
  for (const YamlNode& entry : children_)
    if (entry.key_ == key) return &entry;
  return nullptr;
}

const YamlNode& YamlNode::at(std::string_view key) const {
  entries();
  const YamlNode* entry = find(key);
  if (entry == nullptr) fail((key_.empty() ? "this map" : label()) + " lacks the key " + in_quotes(key));
  return *entry;
}

bool YamlNode::flag_at(std::string_view key) const {
  const YamlNode* entry = find(key);
  return entry != nullptr && entry->flag();
}

void YamlNode::accept_only(std::initializer_list<std::string_view> keys) const {
  accept_only(std::vector<std::string>(keys.begin(), keys.end()));
}

void YamlNode::accept_only(const std::vector<std::string>& keys) const {
  for (const YamlNode& entry : entries())
    if (std::find(keys.begin(), keys.end(), entry.key_) == keys.end())
      entry.fail("unknown key " + entry.label() + "; accepted here: " + alternatives(keys));
}

}  // namespace statusfs
