// What the SVG and the HTML page have in common.
#pragma once

#include <cstdint>
#include <string>

#include "mapping/render/page_content.hpp"

namespace statusfs {

/// The class of the style sheets that colours a tone: "tone-good".
std::string_view class_of(Tone tone) noexcept;

/// Text for a markup element or attribute: isolated and escaped.
std::string text_markup(std::string_view plain_line);

/// Appends SVG rectangles in a frame of the given size: the tasks' groups by their share.
void append_share_bar(std::string& out, const PageContent& content, int x, int y, int width, int height);

}  // namespace statusfs
