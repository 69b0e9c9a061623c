#include "fs/counter/state_document.hpp"

#include <algorithm>
#include <span>

#include "fs/counter/global_counter.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"

namespace statusfs {
namespace {

using Path = std::span<const std::string_view>;

std::string pointer_text(Path path) {
  std::string text;
  for (const std::string_view key : path) text.append("/").append(key);
  return text;
}

std::int64_t number_at(const Value& document, Path path) {
  const Value* value = &document;
  for (const std::string_view key : path) {
    value = value->find(key);
    if (value == nullptr) throw StateFileError(pointer_text(path) + " is missing");
  }
  if (!value->is_integer() || value->as_integer() < 0 || value->as_integer() > largest_g) {
    throw StateFileError(pointer_text(path) + " must be an integer from 0 to " + std::to_string(largest_g));
  }
  return value->as_integer();
}

// Precondition: number_at() found the path.
Value with_number(const Value& document, Path path, std::int64_t number) {
  if (path.empty()) return Value(number);
  return document.with_member(path.front(), with_number(*document.find(path.front()), path.subspan(1), number));
}

Value parsed(std::string_view text) try { return parse_json(text); } catch (const ParseError& error) {
  throw StateFileError(error.what());
}

constexpr std::string_view version_path[] = {"os_file_header", "v_file_instance"};
constexpr std::string_view header_g_path[] = {"os_file_header", "g_file_last_modified"};
constexpr std::string_view payload_g_path[] = {"payload", "g"};

constexpr std::string_view older_version_path[] = {"header", "v"};
constexpr std::string_view older_header_g_path[] = {"header", "g"};
constexpr std::string_view older_g_path[] = {"g"};

}  // namespace

struct StateDocument::Shape {
  Path version, header_g, g;
};

const StateDocument::Shape& StateDocument::shape_of(const Value& document) {
  static constexpr Shape current{version_path, header_g_path, payload_g_path};
  static constexpr Shape older{older_version_path, older_header_g_path, older_g_path};
  if (document.find("os_file_header") != nullptr) return current;
  if (document.find("header") != nullptr) return older;
  throw StateFileError(
      "a state file is {\"os_file_header\": {\"v_file_instance\": 1, \"g_file_last_modified\": G}, \"payload\": "
      "{\"g\": G}}, among other members");
}

StateDocument::StateDocument(Value document, const Shape& shape, bool on_one_line)
    : document_(std::move(document)),
      shape_(&shape),
      on_one_line_(on_one_line),
      version_(number_at(document_, shape.version)),
      g_(std::max(number_at(document_, shape.header_g), number_at(document_, shape.g))) {}

StateDocument StateDocument::parse(std::string_view text) {
  Value document = parsed(text);
  const Shape& shape = shape_of(document);
  const bool on_one_line = text.find('\n') >= text.find_last_not_of('\n');
  return StateDocument(std::move(document), shape, on_one_line);
}

std::string StateDocument::advanced_to(std::int64_t g) const {
  Value next = with_number(document_, shape_->version, version_ + 1);
  next = with_number(next, shape_->header_g, g);
  next = with_number(next, shape_->g, g);
  return on_one_line_ ? compact(next) + "\n" : indented_document(next);
}

}  // namespace statusfs
