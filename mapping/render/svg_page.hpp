// A status file as a picture (SVG): the tasks in columns by status, the blockers, the milestones on a time line.
#pragma once

#include <string>

#include "mapping/render/page_content.hpp"

namespace statusfs {

std::string svg_page(const PageContent& content);

}  // namespace statusfs
