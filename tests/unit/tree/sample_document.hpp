// A small status file for tests, and its nodes by path.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "mapping/document/json_patch.hpp"
#include "mapping/document/json_patch_text.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"
#include "mapping/schema/mapping_loader.hpp"
#include "mapping/tree/node.hpp"
#include "mapping/tree/status_document.hpp"
#include "tests/unit/expect_refused.hpp"
#include "tests/unit/sample_text.hpp"

namespace statusfs {

inline StatusDocument document_of(const Value& root) { return StatusDocument(default_mapping(), root); }
inline StatusDocument sample() { return document_of(parse_json(sample_text())); }

/// The sample after a JSON patch (RFC 6902) of the whole file.
inline StatusDocument sample_after(const std::string& json_patch) {
  return document_of(apply_json_patch(parse_json(sample_text()), decode_json_patch(parse_json(json_patch))));
}

/// The sample whose first task has a member of this name and value.
inline StatusDocument sample_with(const std::string& pointer_in_task, const std::string& value) {
  return sample_after(R"([{"op": "add", "path": "/payload/tasks_status/0)" + pointer_in_task + R"(", "value": )" +
                      value + "}]");
}

inline std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    names.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return names;
}

/// The node at a path below the status directory, by lookups; the top where there is none, which fails the test.
inline Node node_at(const StatusDocument& document, std::string_view path) {
  Node node;
  for (const std::string& name : split_path(path)) {
    const auto next = child(document, node, name);
    if (!next) {
      ADD_FAILURE() << path << ": there is no " << name;
      return {};
    }
    node = *next;
  }
  return node;
}

}  // namespace statusfs
