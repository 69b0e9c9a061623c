// A status file as a page for people: rows of type page.
#pragma once

#include <string>

#include "mapping/tree/node.hpp"

namespace statusfs {

/// Precondition: the row is of type page, so the mapping has an overview.
std::string page_text(const StatusDocument& document, const Field& page);

bool is_page(const Node& node) noexcept;

}  // namespace statusfs
