// The style sheets and the script of the pages; the files beside this one, compiled in.
#pragma once

#include <string_view>

namespace statusfs {

std::string_view tone_style();   ///< tones.css: colours, for light and dark
std::string_view svg_style();    ///< svg_page.css
std::string_view html_style();   ///< html_page.css
std::string_view html_script();  ///< html_page.js

}  // namespace statusfs
