// A status file as a page for a browser: one file without anything from a network, sortable, refreshing itself.
//
// Its Content-Security-Policy lets run only the script and the style sheet that are compiled in, by their hashes, so
// that what a task says could not run as script even if it came through unescaped.
#pragma once

#include <string>

#include "mapping/render/page_content.hpp"

namespace statusfs {

std::string html_page(const PageContent& content);

}  // namespace statusfs
