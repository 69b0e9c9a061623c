// Reads YAML text into nodes that know their line, with typed access that refuses what was not expected.
//
// Stricter than YAML: no anchors, aliases, tags or second documents, no key twice in a map, and only text as a key. So
// a node takes memory in proportion to the text, and a slip of the pen never goes unnoticed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace statusfs {

inline constexpr std::size_t maximum_mapping_size = std::size_t{1} << 20;

class YamlNode {
 public:
  enum class Kind { null, plain, quoted, list, map };

  YamlNode(std::shared_ptr<const std::string> origin, std::size_t line, Kind kind, std::string text = {})
      : origin_(std::move(origin)), line_(line), kind_(kind), text_(std::move(text)) {}

  /// Throws MappingError "FILE:LINE: sentence", with the line of this node (of its key, where it has one).
  [[noreturn]] void fail(const std::string& sentence) const;

  std::size_t line() const noexcept { return line_; }
  const std::string& key() const noexcept { return key_; }  ///< empty in a list and at the root
  std::string label() const;                                ///< how messages name this node
  bool is_null() const noexcept { return kind_ == Kind::null; }
  bool is_text() const noexcept { return kind_ == Kind::plain || kind_ == Kind::quoted; }
  bool is_plain() const noexcept { return kind_ == Kind::plain; }
  bool is_list() const noexcept { return kind_ == Kind::list; }
  bool is_map() const noexcept { return kind_ == Kind::map; }

  // Each of these fails where the node is of another kind.
  const std::string& any_text() const;
  const std::string& line_of_text() const;  ///< neither empty nor holding control bytes
  bool flag() const;
  std::int64_t integer() const;
  const std::vector<YamlNode>& items() const;    ///< of a list
  const std::vector<YamlNode>& entries() const;  ///< of a map
  const YamlNode& only_entry() const;            ///< of a map with exactly one entry
  std::vector<std::string> distinct_texts() const;

  /// The entry with this key: nullptr, or a failure, where a map has none.
  const YamlNode* find(std::string_view key) const noexcept;
  const YamlNode& at(std::string_view key) const;
  bool flag_at(std::string_view key) const;  ///< false where there is none
  /// Fails unless this is a map without other keys than these.
  void accept_only(std::initializer_list<std::string_view> keys) const;
  void accept_only(const std::vector<std::string>& keys) const;

 private:
  friend class YamlTreeBuilder;

  std::shared_ptr<const std::string> origin_;
  std::size_t line_;
  Kind kind_;
  std::string key_;
  std::string text_;
  std::vector<YamlNode> children_;
};

/// Throws MappingError for everything that is not one acceptable YAML document.
YamlNode read_yaml(std::string_view text, const std::string& origin);

/// Text of the user's in quotes, on one line and not too long for a message.
std::string in_quotes(std::string_view text);

/// "a, b or c".
std::string alternatives(const std::vector<std::string>& words);

bool has_control_bytes(std::string_view text) noexcept;

}  // namespace statusfs
