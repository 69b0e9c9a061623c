// The text that a file of the tree reads as.
#pragma once

#include <cstdint>
#include <string>

#include "mapping/tree/node.hpp"

namespace statusfs {

/// Precondition: the node is a file that exists.
std::string node_text(const StatusDocument& document, const Node& node);

/// The size of that text; of a view, which shows much, without making it.
std::uint64_t node_size(const StatusDocument& document, const Node& node);

/// The row that shows the whole file's JSON, or nullptr where the mapping has none.
const Field* whole_file_view(const Mapping& mapping) noexcept;

/// Whether the node shows the whole file's JSON.
bool is_whole_file(const Node& node) noexcept;

}  // namespace statusfs
