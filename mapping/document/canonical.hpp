// Canonical JSON: RFC 8785 (JCS), the form that is hashed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/document/value.hpp"

namespace statusfs {

/// Appends the canonical form: keys sorted by UTF-16 code units, ECMAScript numbers, no white space. An integer
/// beyond +-(2^53 - 1) is kept with all its digits, where plain JCS would round it.
void append_canonical(std::string& out, const Value& value);
std::string canonical(const Value& value);
/// Of the object as if it had no member of this name.
std::string canonical_without(const Value& object, std::string_view key);

/// Whether `left` sorts before `right` by UTF-16 code units (RFC 8785 section 3.2.3). Both must be valid UTF-8.
bool utf16_less(std::string_view left, std::string_view right) noexcept;

/// The members' positions in canonical order.
std::vector<std::size_t> canonical_order(std::span<const Member> members);

/// A finite double as ECMAScript prints it (RFC 8785 section 3.2.2.3): 1e+30, 0.000001, 1e-7; -0 prints as 0.
std::string ecmascript_number(double number);

}  // namespace statusfs
