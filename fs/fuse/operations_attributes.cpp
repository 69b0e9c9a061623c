// Extended attributes: what the mapping and the chain say about a field. They cannot be written, and there are no
// others.
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "fs/fuse/operations.hpp"
#include "fs/fuse/request.hpp"

namespace statusfs {
namespace {

constexpr std::string_view prefix = "user.statusfs.";

using Attributes = std::vector<std::pair<std::string_view, std::string>>;  // by name without the prefix

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

void add_row(Attributes& attributes, const Field& field) {
  attributes.emplace_back("type", name_of(field.type));
  if (field.enumeration) attributes.emplace_back("enum", joined(field.enumeration->values));
  attributes.emplace_back("access", name_of(field.access));
  attributes.emplace_back("help", field.help);
}

void add_last_writer(Attributes& attributes, const StatusDocument& document, const Node& node) {
  const auto position = document.find_task(node.task);
  const Field* persona = document.mapping().stamped(Stamp::persona, true);
  const Value* writer = position && persona ? document.value_of(*persona, *position) : nullptr;
  if (writer && writer->is_string()) attributes.emplace_back("updated_by", writer->as_string());
}

Attributes attributes_of(const Inode& inode) {
  const auto* place = std::get_if<NodePlace>(&inode.place);
  const auto state = place ? place->file->state() : nullptr;
  if (!state || !state->document || !exists(*state->document, place->node)) return {};
  const Node& node = place->node;
  if (node.kind != Node::Kind::field && node.kind != Node::Kind::unknown) return {};
  Attributes attributes{{"pointer", file_pointer(*state->document, node).text()}};
  if (node.field) add_row(attributes, *node.field);
  if (state->chained) attributes.emplace_back("version", std::to_string(state->head.version));
  if (node.in_task()) add_last_writer(attributes, *state->document, node);
  return attributes;
}

// The caller first asks for the size, with a size of 0.
Reply reply_bytes(std::string bytes, std::size_t size) {
  if (size == 0) return [count = bytes.size()](fuse_req_t request) { fuse_reply_xattr(request, count); };
  if (bytes.size() > size) return reply_error(ERANGE);
  return [bytes = std::move(bytes)](fuse_req_t request) { fuse_reply_buf(request, bytes.data(), bytes.size()); };
}

void get_attribute(fuse_req_t request, fuse_ino_t id, const char* name, std::size_t size) {
  const std::string_view wanted(name);
  if (!wanted.starts_with(prefix)) {  // asked for often, by ls and by the kernel itself
    fuse_reply_err(request, ENODATA);
    return;
  }
  guarded(request, id, [&](Mount& mount) -> Reply {
    for (auto& [own, value] : attributes_of(*inode_of(mount, id)))
      if (own == wanted.substr(prefix.size())) return reply_bytes(std::move(value), size);
    return reply_error(ENODATA);
  });
}

void list_attributes(fuse_req_t request, fuse_ino_t id, std::size_t size) {
  guarded(request, id, [&](Mount& mount) -> Reply {
    std::string names;
    for (const auto& [own, value] : attributes_of(*inode_of(mount, id)))
      names.append(prefix).append(own).push_back('\0');
    return reply_bytes(std::move(names), size);
  });
}

void refuse_change(fuse_req_t request, fuse_ino_t id, std::string_view name) {
  guarded(request, id, [&](Mount&) -> Reply {
    if (!name.starts_with(prefix)) return reply_error(EOPNOTSUPP);
    throw Rejection(Cause::not_permitted, std::string(name) + " says what the file is and cannot be set or removed");
  });
}

void set_attribute(fuse_req_t request, fuse_ino_t id, const char* name, const char*, std::size_t, int) {
  refuse_change(request, id, name);
}

void remove_attribute(fuse_req_t request, fuse_ino_t id, const char* name) { refuse_change(request, id, name); }

}  // namespace

void add_attribute_operations(fuse_lowlevel_ops& table) {
  table.getxattr = get_attribute;
  table.listxattr = list_attributes;
  table.setxattr = set_attribute;
  table.removexattr = remove_attribute;
}

}  // namespace statusfs
