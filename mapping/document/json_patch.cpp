#include "mapping/document/json_patch.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "mapping/document/json_patch_text.hpp"
#include "mapping/document/left_positions.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

using Kind = PatchOperation::Kind;
using Tokens = std::span<const std::string>;

[[noreturn]] void refuse(const std::string& reason) { throw Rejection(Cause::invalid, reason); }

Value with_child(Value container, const std::string& token, Value child) {
  if (container.is_object()) return std::move(container).with_member(token, std::move(child));
  return std::move(container).with_element(*array_index(token), std::move(child));
}

// Precondition: there is such a child.
Value take_child(Value& container, const std::string& token) {
  return container.is_object() ? container.take_member(token) : container.take_element(*array_index(token));
}

// A document that is changed at one place after another. Changing a place copies those containers on the path to it
// that others hold, too, and no others; places that lie in one container, as most of a patch do, copy what is around it
// once.
class Workpiece {
 public:
  explicit Workpiece(Value document) { open_.push_back({{}, std::move(document), false}); }

  /// `edit(container, token)` replaces the container that holds the last token. Precondition: there is a token.
  template <typename Edit>
  void change(Tokens tokens, const Edit& edit) {
    go_to(tokens.first(tokens.size() - 1));
    Place& place = open_.back();
    if (!place.value.is_container()) refuse("the path leads into a value that is no object or array");
    place.value = edit(std::move(place.value), tokens.back());
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
  // A container that was opened, under its name in the one before it.
  struct Place {
    std::string token;
    Value value;
    bool is_changed = false;  // the one before it holds something else
  };

  void go_to(Tokens tokens) {
    std::size_t common = 0;
    while (common < tokens.size() && common + 1 < open_.size() && open_[common + 1].token == tokens[common]) ++common;
    close_down_to(common + 1);
    for (const std::string& token : tokens.subspan(common)) {
      Value& around = open_.back().value;
      if (!around.is_container()) refuse("the path leads into a value that is no object or array");
      if (find_child(around, token) == nullptr) refuse("the path leads nowhere");
      Value child = take_child(around, token);
      // What was moved out has to be put back, changed or not.
      const bool is_moved = !find_child(around, token)->is_same_node(child);
      open_.push_back({token, std::move(child), is_moved});
    }
  }

  void close_down_to(std::size_t count) {
    while (open_.size() > count) {
      Place closed = std::move(open_.back());
      open_.pop_back();
      if (!closed.is_changed) continue;
      open_.back().value = with_child(std::move(open_.back().value), closed.token, std::move(closed.value));
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
  document.change(path.tokens(), [&value](Value container, const std::string& token) {
    return container.is_object() ? std::move(container).with_member(token, value) : insert(container, token, value);
  });
}

void remove(Workpiece& document, const Pointer& path) {
  if (path.is_root()) refuse("the whole document cannot be removed");
  document.change(path.tokens(), [](const Value& container, const std::string& token) {
    if (find_child(container, token) == nullptr) refuse("there is nothing to remove");
    return container.is_object() ? container.without_member(token) : container.without_element(*array_index(token));
  });
}

// How many of the operations, from the first on, remove something from one and the same container.
std::size_t count_removals(std::span<const PatchOperation> operations) {
  const auto is_sibling = [&first = operations.front().path.tokens()](const PatchOperation& operation) {
    const auto& tokens = operation.path.tokens();
    return operation.kind == Kind::remove && !tokens.empty() && tokens.size() == first.size() &&
           std::equal(tokens.begin(), tokens.end() - 1, first.begin());
  };
  return static_cast<std::size_t>(std::ranges::find_if_not(operations, is_sibling) - operations.begin());
}

// Carries out removals from one array at once, since each by itself would move all elements behind it. Returns how many
// that were: up to the first that finds nothing, and none where the container is an object.
std::size_t remove_elements(Workpiece& document, std::span<const PatchOperation> removals) {
  std::vector<std::size_t> taken;
  document.change(removals.front().path.tokens(), [&](const Value& container, const std::string&) {
    if (!container.is_array()) return container;
    LeftPositions left(container.size());
    for (const PatchOperation& removal : removals) {
      const auto index = array_index(removal.path.last());
      if (!index || *index >= left.count()) break;
      taken.push_back(left.take(*index));
    }
    std::ranges::sort(taken);
    return container.without_elements(taken);
  });
  return taken.size();
}

void replace(Workpiece& document, const Pointer& path, const Value& value) {
  if (path.is_root()) return document.replace_whole(value);
  document.change(path.tokens(), [&value](Value container, const std::string& token) {
    if (find_child(container, token) == nullptr) refuse("there is nothing to replace");
    return with_child(std::move(container), token, value);
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

}  // namespace

Value apply_json_patch(Value document, const std::vector<PatchOperation>& operations) {
  Workpiece result(std::move(document));
  std::size_t end_of_removals = 0;
  for (std::size_t index = 0; index < operations.size(); ++index) {
    try {
      if (index >= end_of_removals) {
        const auto removals = std::span(operations).subspan(index);
        end_of_removals = index + count_removals(removals);
        if (end_of_removals > index + 1) index += remove_elements(result, removals.first(end_of_removals - index));
      }
      if (index < operations.size()) apply_operation(result, operations[index]);
    } catch (const Rejection& rejection) {
      throw Rejection(rejection.cause(), description(index, operations[index]) + ": " + rejection.what());
    }
  }
  return result.whole();
}

}  // namespace statusfs
