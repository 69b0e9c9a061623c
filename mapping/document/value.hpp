// An immutable JSON value.
//
// Every change makes a new value that shares all unchanged parts with the old one, so that a snapshot of a
// document costs one reference, and a changed field copies only the path that leads to it. Objects keep the order
// of their members and numbers keep their digits: what was not changed is written back as it was read.
//
// Thread safety: a value that anybody else holds never changes; references may be copied and dropped by any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace statusfs {

struct Member;

/// 2^53 - 1: in either direction the largest integer that every reader of JSON keeps exactly (RFC 7493 section 2.2).
inline constexpr std::int64_t largest_exact_integer = (std::int64_t{1} << 53) - 1;

class Value {
 public:
  enum class Kind : std::uint8_t { null, boolean, integer, number, string, array, object };

  Value() noexcept = default;  ///< null
  explicit Value(bool boolean) noexcept;
  explicit Value(std::int64_t integer) noexcept;
  explicit Value(std::string_view text);
  explicit Value(const char* text) : Value(std::string_view(text)) {}
  /// A number by its JSON text. It becomes Kind::integer when an int64 prints as exactly these digits; every other
  /// number (1.50, 1e3, -0, 30 digits) is Kind::number and keeps its text.
  static Value number(std::string_view lexeme);
  static Value array(std::vector<Value> elements = {});
  /// Precondition: the keys are distinct.
  static Value object(std::vector<Member> members);
  static Value object();  // apart, because clang 14 takes no default argument of a type that is not yet complete

  Value(const Value& other) noexcept;
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other) noexcept;
  Value& operator=(Value&& other) noexcept;
  ~Value();

  Kind kind() const noexcept { return kind_; }
  bool is_null() const noexcept { return kind_ == Kind::null; }
  bool is_boolean() const noexcept { return kind_ == Kind::boolean; }
  bool is_integer() const noexcept { return kind_ == Kind::integer; }
  bool is_number() const noexcept { return kind_ == Kind::integer || kind_ == Kind::number; }
  bool is_string() const noexcept { return kind_ == Kind::string; }
  bool is_array() const noexcept { return kind_ == Kind::array; }
  bool is_object() const noexcept { return kind_ == Kind::object; }
  bool is_container() const noexcept { return is_array() || is_object(); }

  // Each accessor's precondition is the kind it names.
  bool as_boolean() const noexcept { return payload_.boolean; }
  std::int64_t as_integer() const noexcept { return payload_.integer; }
  std::string_view as_string() const noexcept;  ///< valid as long as a value that shares the node lives
  std::string number_text() const;              ///< of integer or number: its JSON text
  std::string_view as_lexeme() const noexcept;  ///< of Kind::number: its JSON text, without a copy
  double number_value() const noexcept;         ///< of integer or number: the nearest double, infinite beyond its range
  bool is_integral() const noexcept;            ///< a number of any length without fraction and exponent

  /// Number of elements or members; 0 for scalars.
  std::size_t size() const noexcept;

  // Arrays. Precondition: is_array(), and position within the bounds (without_..., with_element: < size();
  // with_inserted: <= size()). Cost: with_element, with_appended O(size / 128); the others O(size).
  const Value& element(std::size_t position) const noexcept;
  /// Of an array that nobody else holds the element is replaced in place.
  Value with_element(std::size_t position, Value element) const&;
  Value with_element(std::size_t position, Value element) &&;
  /// The element, moved out of an array that nobody else holds (null stays in its place), else a copy of it.
  Value take_element(std::size_t position);
  Value with_appended(Value element) const;
  Value with_all_appended(std::vector<Value> elements) const;  ///< several cost O(size) together
  Value with_inserted(std::size_t position, Value element) const;
  Value without_element(std::size_t position) const { return without_elements({&position, 1}); }
  Value without_elements(std::span<const std::size_t> positions) const;  ///< precondition: they ascend

  // Objects. Precondition: is_object().
  std::span<const Member> members() const noexcept;
  const Value* find(std::string_view key) const noexcept;  ///< nullptr when there is none, or this is no object
  /// Replaced where it stands, or added at the end. Of an object that nobody else holds it is replaced in place.
  Value with_member(std::string_view key, Value value) const&;
  Value with_member(std::string_view key, Value value) &&;
  /// The member's value, moved out of an object that nobody else holds (null stays in its place), else a copy of it.
  /// Precondition: there is such a member.
  Value take_member(std::string_view key);
  Value without_member(std::string_view key) const;  ///< the same value when there is no such member

  /// Whether both are the very same node, hence equal without looking inside. False for unequal scalars; may be false
  /// for equal containers.
  bool is_same_node(const Value& other) const noexcept;

  /// Equal as JSON values: member order does not matter, numbers compare by their digits when both are integers and
  /// by their double value otherwise. Large objects in other orders take memory.
  friend bool operator==(const Value& left, const Value& right);

 private:
  struct Node;
  struct StringNode;
  struct ArrayNode;
  struct ObjectNode;
  struct Chunk;
  union Payload {
    bool boolean;
    std::int64_t integer;
    Node* node;  // counted: this value holds one reference
  };

  Value(Kind kind, Node* adopted) noexcept;
  bool holds_node() const noexcept { return kind_ >= Kind::number; }
  Member* own_member(std::string_view key) noexcept;  // nullptr also where others hold the object, too
  Value* own_element(std::size_t position) noexcept;  // nullptr where others hold the array, or this part of it, too
  void retain() const noexcept;
  void release() noexcept;

  Payload payload_{};
  Kind kind_ = Kind::null;
};

/// One member of an object. The key is a string value, so that the equal keys of many objects can share one node.
struct Member {
  Value key;
  Value value;
  Member(Value k, Value v) : key(std::move(k)), value(std::move(v)) {}
  Member(std::string_view k, Value v) : key(k), value(std::move(v)) {}
  std::string_view name() const noexcept { return key.as_string(); }
};

}  // namespace statusfs
