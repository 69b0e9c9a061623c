// A status file as Markdown with the tables of GitHub (GFM).
#pragma once

#include <string>

#include "mapping/render/page_content.hpp"

namespace statusfs {

std::string markdown_page(const PageContent& content);

}  // namespace statusfs
