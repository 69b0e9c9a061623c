#include "mapping/document/patch.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {

namespace {

using Kind = PatchOperation::Kind;
using Tokens = std::span<const std::string>;

[[noreturn]] void refuse(const std::string& reason) { throw Rejection(Cause::invalid, reason); }

constexpr std::array<std::pair<std::string_view, Kind>, 6> kind_names{{{"add", Kind::add},
                                                                       {"remove", Kind::remove},
                                                                       {"replace", Kind::replace},
                                                                       {"move", Kind::move},
                                                                       {"copy", Kind::copy},
                                                                       {"test", Kind::test}}};

std::string_view name_of(Kind kind) noexcept {
  const auto matches = [kind](const auto& entry) { return entry.second == kind; };
  return std::find_if(kind_names.begin(), kind_names.end(), matches)->first;
}

bool has_from(Kind kind) noexcept { return kind == Kind::move || kind == Kind::copy; }
bool has_value(Kind kind) noexcept { return kind == Kind::add || kind == Kind::replace || kind == Kind::test; }

// Runs `action`; what it refuses is told with `subject` before it.
template <typename Subject, typename Action>
auto naming(const Subject& subject, const Action& action) {
  try {
    return action();
  } catch (const Rejection& rejection) {
    throw Rejection(rejection.cause(), subject() + ": " + rejection.what());
  }
}

// Reading and writing patches.

const Value& required_member(const Value& operation, std::string_view name) {
  const Value* member = operation.find(name);
  if (member == nullptr) refuse("\"" + std::string(name) + "\" is missing");
  return *member;
}

std::string_view required_string(const Value& operation, std::string_view name) {
  const Value& member = required_member(operation, name);
  if (!member.is_string()) refuse("\"" + std::string(name) + "\" must be a string");
  return member.as_string();
}

Kind decode_kind(std::string_view name) {
  const auto matches = [name](const auto& entry) { return entry.first == name; };
  const auto found = std::find_if(kind_names.begin(), kind_names.end(), matches);
  if (found == kind_names.end()) {
    refuse("\"op\" must be add, remove, replace, move, copy or test, not \"" + std::string(name) + "\"");
  }
  return found->second;
}

PatchOperation decode_operation(const Value& operation) {
  if (!operation.is_object()) refuse("it must be an object");
  PatchOperation result{decode_kind(required_string(operation, "op")), {}, {}, {}};
  result.path = Pointer::parse(required_string(operation, "path"));
  if (has_from(result.kind)) result.from = Pointer::parse(required_string(operation, "from"));
  if (has_value(result.kind)) result.value = required_member(operation, "value");
  return result;
}

Value encode_operation(const PatchOperation& operation) {
  std::vector<Member> members;
  members.emplace_back("op", Value(name_of(operation.kind)));
  if (has_from(operation.kind)) members.emplace_back("from", Value(operation.from.text()));
  members.emplace_back("path", Value(operation.path.text()));
  if (has_value(operation.kind)) members.emplace_back("value", operation.value);
  return Value::object(std::move(members));
}

// JSON patch.

Value with_child(const Value& container, const std::string& token, Value child) {
  if (container.is_object()) return container.with_member(token, std::move(child));
  return container.with_element(*array_index(token), std::move(child));
}

// A document that is changed at one place after another. Changing a place copies the containers on the path to it, and
// no others; places that lie in one container, as most of a patch do, copy what is around it once.
class Workpiece {
 public:
  explicit Workpiece(Value document) { open_.push_back({{}, std::move(document), false}); }

  /// `edit(container, token)` replaces the container that holds the last token. Precondition: there is a token.
  template <typename Edit>
  void change(Tokens tokens, const Edit& edit) {
    go_to(tokens.first(tokens.size() - 1));
    Place& place = open_.back();
    if (!place.value.is_container()) refuse("the path leads into a value that is no object or array");
    place.value = edit(place.value, tokens.back());
    place.is_changed = true;
  }

  /// The whole document as it is now.
  const Value& whole() {
    close_down_to(1);
    return open_.front().value;
  }
  void replace_whole(Value document) {
    open_.clear();
    open_.push_back({{}, std::move(document), false});
  }

 private:
  // A container that was opened, under its name in the one before it. What was changed inside is not yet put back
  // there.
  struct Place {
    std::string token;
    Value value;
    bool is_changed = false;
  };

  void go_to(Tokens tokens) {
    std::size_t common = 0;
    while (common < tokens.size() && common + 1 < open_.size() && open_[common + 1].token == tokens[common]) ++common;
    close_down_to(common + 1);
    for (const std::string& token : tokens.subspan(common)) {
      const Value& around = open_.back().value;
      if (!around.is_container()) refuse("the path leads into a value that is no object or array");
      const Value* child = find_child(around, token);
      if (child == nullptr) refuse("the path leads nowhere");
      open_.push_back({token, *child, false});
    }
  }

  void close_down_to(std::size_t count) {
    while (open_.size() > count) {
      Place closed = std::move(open_.back());
      open_.pop_back();
      if (!closed.is_changed) continue;
      open_.back().value = with_child(open_.back().value, closed.token, std::move(closed.value));
      open_.back().is_changed = true;
    }
  }

  std::vector<Place> open_;  // the document, and from there to the place that was changed last
};

Value insert(const Value& array, const std::string& token, const Value& value) {
  if (token == "-") return array.with_appended(value);
  const auto index = array_index(token);
  if (!index) refuse("\"" + token + "\" is neither an array index nor -");
  if (*index > array.size()) refuse("the array has only " + std::to_string(array.size()) + " elements");
  return array.with_inserted(*index, value);
}

void add(Workpiece& document, const Pointer& path, const Value& value) {
  if (path.is_root()) return document.replace_whole(value);
  document.change(path.tokens(), [&value](const Value& container, const std::string& token) {
    return container.is_object() ? container.with_member(token, value) : insert(container, token, value);
  });
}

void remove(Workpiece& document, const Pointer& path) {
  if (path.is_root()) refuse("the whole document cannot be removed");
  document.change(path.tokens(), [](const Value& container, const std::string& token) {
    if (find_child(container, token) == nullptr) refuse("there is nothing to remove");
    return container.is_object() ? container.without_member(token) : container.without_element(*array_index(token));
  });
}

void replace(Workpiece& document, const Pointer& path, const Value& value) {
  if (path.is_root()) return document.replace_whole(value);
  document.change(path.tokens(), [&value](const Value& container, const std::string& token) {
    if (find_child(container, token) == nullptr) refuse("there is nothing to replace");
    return with_child(container, token, value);
  });
}

const Value& source_of(const Value& document, const PatchOperation& operation) {
  const Value* source = find(document, operation.from);
  if (source == nullptr) refuse("there is nothing at \"from\"");
  return *source;
}

void move(Workpiece& document, const PatchOperation& operation) {
  const Value source = source_of(document.whole(), operation);
  if (operation.path == operation.from) return;
  if (operation.path.starts_with(operation.from)) refuse("a value cannot move into itself");
  remove(document, operation.from);
  add(document, operation.path, source);
}

std::string shown(const Value& value) {
  constexpr std::size_t longest_shown = 80;
  std::string text = value.is_container() ? std::string() : compact(value);
  if (!text.empty() && text.size() <= longest_shown) return text;
  return "another value";
}

void test(const Value& document, const PatchOperation& operation) {
  const Value* found = find(document, operation.path);
  if (found == nullptr) throw Rejection(Cause::stale, "there is nothing");
  if (*found == operation.value) return;
  throw Rejection(Cause::stale, "there is " + shown(*found) + " now");
}

void apply_operation(Workpiece& document, const PatchOperation& operation) {
  switch (operation.kind) {
    case Kind::add:
      return add(document, operation.path, operation.value);
    case Kind::remove:
      return remove(document, operation.path);
    case Kind::replace:
      return replace(document, operation.path, operation.value);
    case Kind::move:
      return move(document, operation);
    case Kind::copy:
      return add(document, operation.path, Value(source_of(document.whole(), operation)));
    case Kind::test:
      return test(document.whole(), operation);
  }
}

std::string description(std::size_t index, const PatchOperation& operation) {
  std::string result = "operation " + std::to_string(index) + " (" + std::string(name_of(operation.kind));
  if (has_from(operation.kind)) result += " from \"" + operation.from.text() + "\" to";
  return result + " \"" + operation.path.text() + "\")";
}

// Merge patch.

// Where each member stands. Many members are indexed, a few are searched.
class MemberPositions {
 public:
  explicit MemberPositions(std::span<const Member> members) : members_(members) {
    if (members.size() <= searchable) return;
    index_.reserve(members.size());
    for (std::size_t at = 0; at < members.size(); ++at) index_.emplace(members[at].name(), at);
  }

  std::optional<std::size_t> find(std::string_view name) const {
    return members_.size() <= searchable ? search(name) : look_up(name);
  }

 private:
  static constexpr std::size_t searchable = 32;

  std::optional<std::size_t> search(std::string_view name) const {
    for (std::size_t at = 0; at < members_.size(); ++at) {
      if (members_[at].name() == name) return at;
    }
    return std::nullopt;
  }

  std::optional<std::size_t> look_up(std::string_view name) const {
    const auto found = index_.find(name);
    return found == index_.end() ? std::nullopt : std::optional(found->second);
  }

  std::span<const Member> members_;
  std::unordered_map<std::string_view, std::size_t> index_;
};

// An object while the members of a patch are merged into it.
class MergedObject {
 public:
  explicit MergedObject(const Value& target)
      : target_(target), positions_(target.members()), members_(target.members().begin(), target.members().end()) {}

  void merge(const Member& patch) {
    const auto position = positions_.find(patch.name());
    if (position) return merge_into(*position, patch.value);
    if (patch.value.is_null()) return;
    members_.emplace_back(patch.key, apply_merge_patch(Value(), patch.value));
    is_changed_ = true;
  }

  Value finish() {
    if (!is_changed_) return target_;
    // Not erased one by one, which would be quadratic; no member that stays has a null key.
    for (const std::size_t position : removed_) members_[position].key = Value();
    std::erase_if(members_, [](const Member& member) { return member.key.is_null(); });
    return Value::object(std::move(members_));
  }

 private:
  void merge_into(std::size_t position, const Value& patch) {
    Value& value = members_[position].value;
    if (patch.is_null()) return remove(position);
    Value merged = apply_merge_patch(value, patch);
    if (merged.is_same_node(value)) return;
    value = std::move(merged);
    is_changed_ = true;
  }

  void remove(std::size_t position) {
    if (members_[position].value.is_null()) return;
    removed_.push_back(position);
    is_changed_ = true;
  }

  const Value& target_;
  MemberPositions positions_;
  std::vector<Member> members_;
  std::vector<std::size_t> removed_;
  bool is_changed_ = false;
};

}  // namespace

std::vector<PatchOperation> decode_json_patch(const Value& patch) {
  if (!patch.is_array()) refuse("a JSON patch must be an array of operations");
  std::vector<PatchOperation> operations;
  operations.reserve(patch.size());
  for (std::size_t index = 0; index < patch.size(); ++index) {
    const auto subject = [index] { return "operation " + std::to_string(index); };
    operations.push_back(naming(subject, [&] { return decode_operation(patch.element(index)); }));
  }
  return operations;
}

Value encode_json_patch(const std::vector<PatchOperation>& operations) {
  std::vector<Value> encoded;
  encoded.reserve(operations.size());
  for (const PatchOperation& operation : operations) encoded.push_back(encode_operation(operation));
  return Value::array(std::move(encoded));
}

PatchText::PatchText() {
  constexpr std::size_t usual_size = 1024;
  text_.reserve(usual_size);
}

void PatchText::begin(Kind kind, std::string_view around, const Pointer& path, std::string_view behind) {
  text_ += text_.empty() ? "[{\"op\":\"" : ",{\"op\":\"";
  text_ += name_of(kind);
  text_ += "\",\"path\":\"";
  append_quoted_content(text_, around);
  for (const std::string& token : path.tokens()) {
    text_ += '/';
    if (token.find_first_of("~/") == std::string::npos)
      append_quoted_content(text_, token);
    else
      append_quoted_content(text_, Pointer({token}).text().substr(1));
  }
  text_ += behind;
  text_ += '"';
}

void PatchText::end(const Value& value) {
  text_ += ",\"value\":";
  append_compact(text_, value);
  text_ += '}';
}

void PatchText::add(std::string_view around, const Pointer& path, const Value& value) {
  begin(Kind::add, around, path);
  end(value);
}

void PatchText::append(std::string_view around, const Pointer& array, const Value& element) {
  begin(Kind::add, around, array, "/-");
  end(element);
}

void PatchText::replace(std::string_view around, const Pointer& path, const Value& value) {
  begin(Kind::replace, around, path);
  end(value);
}

void PatchText::remove(std::string_view around, const Pointer& path) {
  begin(Kind::remove, around, path);
  text_ += '}';
}

std::string PatchText::finish() {
  text_ += text_.empty() ? "[]" : "]";
  return std::move(text_);
}

Value apply_json_patch(const Value& document, const std::vector<PatchOperation>& operations) {
  Workpiece result(document);
  for (std::size_t index = 0; index < operations.size(); ++index) {
    const PatchOperation& operation = operations[index];
    const auto subject = [&] { return description(index, operation); };
    naming(subject, [&] { apply_operation(result, operation); });
  }
  return result.whole();
}

// That equal members stay, nulls included, is decided member by member on the way down; only what is no object is
// compared as a whole.
Value apply_merge_patch(const Value& target, const Value& patch) {
  if (!patch.is_object()) return target == patch ? target : patch;
  const Value object = target.is_object() ? target : Value::object();
  MergedObject merged(object);
  for (const Member& member : patch.members()) merged.merge(member);
  return merged.finish();
}

}  // namespace statusfs
