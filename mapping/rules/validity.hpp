// Whether a value is of its field's type, enum and range.
#pragma once

#include <optional>
#include <string>

#include "mapping/document/value.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

/// Bytes that one scalar or text may have.
inline constexpr std::size_t maximum_scalar_size = 512 * 1024;
/// Bytes that one patch or document may have.
inline constexpr std::size_t maximum_document_size = 1024 * 1024;

/// What is wrong with the value for this field, and what would be accepted; nothing when all is well.
std::optional<std::string> complaint_about(const Field& field, const Value& value);

/// What is wrong with a member of a log's entry.
std::optional<std::string> complaint_about(const EntryMember& member, const Value& value);

/// The value as JSON, shortened where it is long: for messages.
std::string shown(const Value& value);

/// "one of PENDING, ACTIVE", "an integer from 0 to 100", ...: what the field takes.
std::string accepted_by(const Field& field);

/// Levels that a written value may be nested, so that the file around it stays within what can be read again.
inline constexpr std::size_t maximum_written_nesting = 64;

/// Throws Rejection(too_large, invalid) for a value above maximum_document_size or maximum_written_nesting.
void require_bounded(const Value& value);

/// Throws Rejection(invalid) for an integer beyond largest_exact_integer anywhere inside a value that is written, so
/// that every reader and every hash sees the same number.
void require_exact_integers(const Value& value);

/// A number with an integral value as an integer (50.0 as 50); everything else as it is.
Value normalised(const Field& field, const Value& value);

}  // namespace statusfs
