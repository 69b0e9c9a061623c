// What may stand as a persona.
#pragma once

#include <cstddef>
#include <string_view>

namespace statusfs {

inline constexpr std::size_t maximum_persona = 128;  ///< bytes

/// One line of printable UTF-8 of at most maximum_persona bytes, not empty, and without a blank at either end, which
/// nobody would see: "PLAN " looks like PLAN.
bool is_persona(std::string_view text) noexcept;

/// PLAN, STATUSFS and EXTERNAL: what the driver itself signs as, and nobody else can be.
bool is_reserved_persona(std::string_view text) noexcept;

}  // namespace statusfs
