#include "mapping/document/value.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>

namespace statusfs {

static_assert(sizeof(Value) == 16);

// What every node begins with; its contents follow in the same allocation. Empty strings, arrays and objects have no
// node at all: their pointer is null.
struct Value::Node {
  explicit Node(std::size_t size_of_contents) noexcept : size(static_cast<std::uint32_t>(size_of_contents)) {}

  template <typename Type>
  static Type* allocate(std::size_t size, std::size_t bytes);
  static void retain(Node* node) noexcept;
  static bool drop(Node* node) noexcept;  // whether that was the last reference
  // Nobody else can come to hold a node of which there is one reference, and what others did with it has happened.
  bool is_held_once() const noexcept { return count.load(std::memory_order_acquire) == 1; }
  static void destroy(Kind kind, Node* node) noexcept;

  std::atomic<std::uint32_t> count{1};
  std::uint32_t size;
};

struct Value::StringNode : Value::Node {
  using Node::Node;
  char* text() noexcept { return reinterpret_cast<char*>(this + 1); }
  static StringNode* make(std::string_view text);
  static void destroy(StringNode* node) noexcept;
};

struct Value::ObjectNode : Value::Node {
  using Node::Node;
  Member* members() noexcept { return reinterpret_cast<Member*>(this + 1); }
  static ObjectNode* allocate(std::size_t size) { return Node::allocate<ObjectNode>(size, size * sizeof(Member)); }
  static void destroy(ObjectNode* node) noexcept;
};

struct Value::Chunk : Value::Node {
  using Node::Node;
  static constexpr std::size_t capacity = 128;
  Value* elements() noexcept { return reinterpret_cast<Value*>(this + 1); }
  static Chunk* allocate(std::size_t size) { return Node::allocate<Chunk>(size, size * sizeof(Value)); }
  static void release(Chunk* chunk) noexcept;
};

struct Value::ArrayNode : Value::Node {
  using Node::Node;
  Chunk** spine() noexcept { return reinterpret_cast<Chunk**>(this + 1); }
  std::size_t chunk_count() const noexcept { return (size + Chunk::capacity - 1) / Chunk::capacity; }
  static ArrayNode* allocate(std::size_t size);
  static void destroy(ArrayNode* node) noexcept;
  void share_chunks(ArrayNode& other, std::size_t count) noexcept;
};

static_assert(sizeof(Member) == 2 * sizeof(Value));

template <typename Type>
Type* Value::Node::allocate(std::size_t size, std::size_t bytes) {
  if (size > std::numeric_limits<std::uint32_t>::max()) throw std::length_error("a JSON value is too large");
  static_assert(sizeof(Type) % alignof(Value) == 0);
  void* memory = ::operator new(sizeof(Type) + bytes);
  return new (memory) Type(size);
}

void Value::Node::retain(Node* node) noexcept {
  if (node != nullptr) node->count.fetch_add(1, std::memory_order_relaxed);
}

bool Value::Node::drop(Node* node) noexcept {
  return node != nullptr && node->count.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

void Value::Node::destroy(Kind kind, Node* node) noexcept {
  switch (kind) {
    case Kind::array:
      return ArrayNode::destroy(static_cast<ArrayNode*>(node));
    case Kind::object:
      return ObjectNode::destroy(static_cast<ObjectNode*>(node));
    default:
      return StringNode::destroy(static_cast<StringNode*>(node));
  }
}

Value::StringNode* Value::StringNode::make(std::string_view text) {
  if (text.empty()) return nullptr;
  auto* node = Node::allocate<StringNode>(text.size(), text.size());
  std::memcpy(node->text(), text.data(), text.size());
  return node;
}

void Value::StringNode::destroy(StringNode* node) noexcept {
  std::destroy_at(node);
  ::operator delete(node);
}

void Value::ObjectNode::destroy(ObjectNode* node) noexcept {
  std::destroy_n(node->members(), node->size);
  std::destroy_at(node);
  ::operator delete(node);
}

void Value::Chunk::release(Chunk* chunk) noexcept {
  if (!drop(chunk)) return;
  std::destroy_n(chunk->elements(), chunk->size);
  std::destroy_at(chunk);
  ::operator delete(chunk);
}

// The spine starts out empty, so that the node can be dropped safely should the allocation of a chunk fail.
Value::ArrayNode* Value::ArrayNode::allocate(std::size_t size) {
  const std::size_t chunks = (size + Chunk::capacity - 1) / Chunk::capacity;
  auto* node = Node::allocate<ArrayNode>(size, chunks * sizeof(Chunk*));
  std::uninitialized_fill_n(node->spine(), chunks, nullptr);
  return node;
}

void Value::ArrayNode::destroy(ArrayNode* node) noexcept {
  std::for_each_n(node->spine(), node->chunk_count(), &Chunk::release);
  std::destroy_at(node);
  ::operator delete(node);
}

void Value::ArrayNode::share_chunks(ArrayNode& other, std::size_t count) noexcept {
  for (std::size_t position = 0; position < count; ++position) {
    retain(other.spine()[position]);
    spine()[position] = other.spine()[position];
  }
}

// Making, copying and dropping values.

Value::Value(bool boolean) noexcept : kind_(Kind::boolean) { payload_.boolean = boolean; }

Value::Value(std::int64_t integer) noexcept : kind_(Kind::integer) { payload_.integer = integer; }

Value::Value(std::string_view text) : Value(Kind::string, StringNode::make(text)) {}

Value::Value(Kind kind, Node* adopted) noexcept : kind_(kind) { payload_.node = adopted; }

Value::Value(const Value& other) noexcept : payload_(other.payload_), kind_(other.kind_) { retain(); }

Value::Value(Value&& other) noexcept : payload_(other.payload_), kind_(std::exchange(other.kind_, Kind::null)) {}

Value& Value::operator=(const Value& other) noexcept { return *this = Value(other); }

Value& Value::operator=(Value&& other) noexcept {
  Value taken(std::move(other));
  std::swap(payload_, taken.payload_);
  std::swap(kind_, taken.kind_);
  return *this;
}

Value::~Value() { release(); }

void Value::retain() const noexcept {
  if (holds_node()) Node::retain(payload_.node);
}

void Value::release() noexcept {
  if (holds_node() && Node::drop(payload_.node)) Node::destroy(kind_, payload_.node);
}

// Strings.

std::string_view Value::as_string() const noexcept {
  auto* node = static_cast<StringNode*>(payload_.node);
  return node == nullptr ? std::string_view() : std::string_view(node->text(), node->size);
}

std::string_view Value::as_lexeme() const noexcept { return as_string(); }

std::size_t Value::size() const noexcept {
  return is_container() && payload_.node != nullptr ? payload_.node->size : 0;
}

// Arrays.

Value Value::array(std::vector<Value> elements) {
  if (elements.empty()) return Value(Kind::array, nullptr);
  auto* node = ArrayNode::allocate(elements.size());
  Value result(Kind::array, node);
  for (std::size_t begin = 0; begin < elements.size(); begin += Chunk::capacity) {
    const std::size_t count = std::min(Chunk::capacity, elements.size() - begin);
    Chunk* chunk = Chunk::allocate(count);
    std::uninitialized_move_n(elements.data() + begin, count, chunk->elements());
    node->spine()[begin / Chunk::capacity] = chunk;
  }
  return result;
}

const Value& Value::element(std::size_t position) const noexcept {
  Chunk* chunk = static_cast<ArrayNode*>(payload_.node)->spine()[position / Chunk::capacity];
  return chunk->elements()[position % Chunk::capacity];
}

Value* Value::own_element(std::size_t position) noexcept {
  if (!payload_.node->is_held_once()) return nullptr;
  Chunk* chunk = static_cast<ArrayNode*>(payload_.node)->spine()[position / Chunk::capacity];
  return chunk->is_held_once() ? chunk->elements() + position % Chunk::capacity : nullptr;
}

Value Value::take_element(std::size_t position) {
  if (Value* own = own_element(position)) return std::exchange(*own, Value());
  return element(position);
}

Value Value::with_element(std::size_t position, Value element) && {
  Value* own = own_element(position);
  if (own == nullptr) return std::as_const(*this).with_element(position, std::move(element));
  *own = std::move(element);
  return std::move(*this);
}

Value Value::with_element(std::size_t position, Value element) const& {
  auto* old_node = static_cast<ArrayNode*>(payload_.node);
  auto* node = ArrayNode::allocate(old_node->size);
  Value result(Kind::array, node);
  node->share_chunks(*old_node, old_node->chunk_count());
  Chunk*& place = node->spine()[position / Chunk::capacity];
  Chunk* chunk = Chunk::allocate(place->size);
  std::uninitialized_copy_n(place->elements(), place->size, chunk->elements());
  chunk->elements()[position % Chunk::capacity] = std::move(element);
  Chunk::release(std::exchange(place, chunk));
  return result;
}

Value Value::with_appended(Value element) const {
  const std::size_t old_size = size();
  auto* old_node = static_cast<ArrayNode*>(payload_.node);
  const std::size_t full_chunks = old_size / Chunk::capacity;
  const std::size_t in_last = old_size % Chunk::capacity;
  auto* node = ArrayNode::allocate(old_size + 1);
  Value result(Kind::array, node);
  if (full_chunks > 0) node->share_chunks(*old_node, full_chunks);
  Chunk* chunk = Chunk::allocate(in_last + 1);
  if (in_last > 0) std::uninitialized_copy_n(old_node->spine()[full_chunks]->elements(), in_last, chunk->elements());
  std::construct_at(chunk->elements() + in_last, std::move(element));
  node->spine()[full_chunks] = chunk;
  return result;
}

Value Value::with_all_appended(std::vector<Value> elements) const {
  if (elements.empty()) return *this;
  if (elements.size() == 1) return with_appended(std::move(elements.front()));
  std::vector<Value> all;
  all.reserve(size() + elements.size());
  for (std::size_t at = 0; at < size(); ++at) all.push_back(element(at));
  std::ranges::move(elements, std::back_inserter(all));
  return array(std::move(all));
}

Value Value::with_inserted(std::size_t position, Value element) const {
  if (position == size()) return with_appended(std::move(element));
  std::vector<Value> elements;
  elements.reserve(size() + 1);
  for (std::size_t at = 0; at < position; ++at) elements.push_back(this->element(at));
  elements.push_back(std::move(element));
  for (std::size_t at = position; at < size(); ++at) elements.push_back(this->element(at));
  return array(std::move(elements));
}

Value Value::without_elements(std::span<const std::size_t> positions) const {
  std::vector<Value> elements;
  elements.reserve(size() - positions.size());
  auto removed = positions.begin();
  for (std::size_t at = 0; at < size(); ++at) {
    if (removed != positions.end() && *removed == at)
      ++removed;
    else
      elements.push_back(element(at));
  }
  return array(std::move(elements));
}

// Objects.

Value Value::object() { return Value(Kind::object, nullptr); }

Value Value::object(std::vector<Member> members) {
  if (members.empty()) return object();
  auto* node = ObjectNode::allocate(members.size());
  std::uninitialized_move(members.begin(), members.end(), node->members());
  return Value(Kind::object, node);
}

std::span<const Member> Value::members() const noexcept {
  if (payload_.node == nullptr) return {};
  return {static_cast<ObjectNode*>(payload_.node)->members(), payload_.node->size};
}

namespace {

bool is_named(const Member& member, std::string_view key) noexcept {
  const std::string_view name = member.name();
  return name.size() == key.size() && (name.data() == key.data() || name == key);
}

const Member* find_member(std::span<const Member> members, std::string_view key) noexcept {
  for (const Member& member : members) {
    if (is_named(member, key)) return &member;
  }
  return nullptr;
}

}  // namespace

const Value* Value::find(std::string_view key) const noexcept {
  if (!is_object()) return nullptr;
  const Member* member = find_member(members(), key);
  return member == nullptr ? nullptr : &member->value;
}

Member* Value::own_member(std::string_view key) noexcept {
  if (payload_.node == nullptr || !payload_.node->is_held_once()) return nullptr;
  const Member* member = find_member(members(), key);
  return member == nullptr ? nullptr : static_cast<ObjectNode*>(payload_.node)->members() + (member - members().data());
}

Value Value::take_member(std::string_view key) {
  if (Member* own = own_member(key)) return std::exchange(own->value, Value());
  return *find(key);
}

Value Value::with_member(std::string_view key, Value value) && {
  Member* own = own_member(key);
  if (own == nullptr) return std::as_const(*this).with_member(key, std::move(value));
  own->value = std::move(value);
  return std::move(*this);
}

Value Value::with_member(std::string_view key, Value value) const& {
  const std::span<const Member> old_members = members();
  const Member* replaced = find_member(old_members, key);
  auto* node = ObjectNode::allocate(old_members.size() + (replaced == nullptr ? 1 : 0));
  Member* end = std::uninitialized_copy(old_members.begin(), old_members.end(), node->members());
  if (replaced != nullptr) {
    node->members()[replaced - old_members.data()].value = std::move(value);
    return Value(Kind::object, node);
  }
  node->size = static_cast<std::uint32_t>(old_members.size());  // should the key find no memory, this much is destroyed
  Value result(Kind::object, node);
  std::construct_at(end, key, std::move(value));
  ++node->size;
  return result;
}

Value Value::without_member(std::string_view key) const {
  const std::span<const Member> old_members = members();
  const Member* removed = find_member(old_members, key);
  if (removed == nullptr) return *this;
  if (old_members.size() == 1) return object();
  auto* node = ObjectNode::allocate(old_members.size() - 1);
  const auto position = removed - old_members.data();
  Member* end = std::uninitialized_copy_n(old_members.begin(), position, node->members());
  std::uninitialized_copy(old_members.begin() + position + 1, old_members.end(), end);
  return Value(Kind::object, node);
}

bool Value::is_same_node(const Value& other) const noexcept {
  if (kind_ != other.kind_) return false;
  if (holds_node()) return payload_.node == other.payload_.node;
  if (kind_ == Kind::boolean) return payload_.boolean == other.payload_.boolean;
  return kind_ == Kind::null || payload_.integer == other.payload_.integer;
}

}  // namespace statusfs
