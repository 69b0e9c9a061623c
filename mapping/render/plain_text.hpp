// Text of a status file made fit to stand in a picture: one line, no control bytes, no direction of its own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace statusfs {

/// The text on one line: newlines and tabs become blanks; control characters, invalid UTF-8, noncharacters, and the
/// characters that turn the direction of what follows (U+202A-202E, U+2066-2069) become U+FFFD. So whatever frames the
/// text stays in force.
std::string plain_line(std::string_view text);

/// Between U+2068 and U+2069 where the text has right-to-left letters, so that they order nothing but themselves.
/// Precondition: a plain line.
std::string isolated(std::string_view text);

/// How many columns of a terminal the text takes: 2 for East Asian letters and emoji, 0 for marks that combine.
std::size_t display_width(std::string_view text);

/// At most `width` columns: a longer text ends in an ellipsis. Precondition: a plain line.
std::string shortened(std::string_view text, std::size_t width);

/// Whether the byte at this place belongs to a letter or a digit. False beyond the text, for every other character, and
/// for the letters of rare scripts.
bool is_in_word(std::string_view text, std::size_t at);

/// With & < > " ' as entities: fit for text and attribute values of XML and HTML.
std::string markup_escaped(std::string_view text);

}  // namespace statusfs
