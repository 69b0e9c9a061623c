// Any bytes as a mapping: refused with a place, or accepted and whole.
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/tree/node.hpp"
#include "mapping/tree/node_text.hpp"
#include "mapping/tree/template.hpp"
#include "tests/fuzz/property.hpp"

namespace statusfs::fuzz {
namespace {

void check_fields(const Mapping& mapping) {
  for (const bool in_task : {false, true}) {
    for (const Field* field : in_task ? mapping.task_fields() : mapping.file_fields()) {
      require(!field->name.empty() && field->name.find('/') == std::string::npos, "a row's name can be a file's");
      if (const Field* found = field->pointer.is_root() ? nullptr : mapping.at(field->pointer, in_task))
        require(found->pointer == field->pointer, "a row is found by its pointer");
    }
  }
}

void list(const StatusDocument& document, const Node& directory, int depth) {
  for (const NamedNode& entry : children(document, directory)) {
    require(child(document, directory, entry.name).has_value(), "what is listed is found");
    if (entry.node.kind == Node::Kind::field && entry.node.field->type == FieldType::board) continue;
    if (!is_directory(document, entry.node))
      node_text(document, entry.node);
    else if (depth > 0)
      list(document, entry.node, depth - 1);
  }
}

/// A new file of this mapping, with one task.
void check_new_file(const std::shared_ptr<const Mapping>& mapping) {
  const TemplateNames names{"exec_status_7", "exec_plan_7", "one", 7};
  const Value root = initial_document(*mapping, names);
  require(parse_json(compact(root)) == root, "a new file is JSON");
  try {
    const StatusDocument document = StatusDocument(mapping, root).with_added_task(initial_task(*mapping, names));
    list(document, Node{}, 8);
  } catch (const Rejection&) {
    // A mapping whose new files bear another entity_type than it takes.
  }
}

void check(std::string_view text) {
  try {
    const auto mapping = load_mapping(text, "m");
    require(mapping->text == text, "the text is kept");
    require(mapping->collection != nullptr, "there is a collection");
    check_fields(*mapping);
    check_new_file(mapping);
  } catch (const MappingError& error) {
    require(std::string_view(error.what()).starts_with("m:"), "a message begins with the place");
  }
}

}  // namespace
}  // namespace statusfs::fuzz

STATUSFS_FUZZ_TARGET(statusfs::fuzz::check)
