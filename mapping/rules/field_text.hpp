// From the text that was written to a field to the value that it means.
#pragma once

#include <string_view>
#include <vector>

#include "mapping/document/value.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

/// The value that `text`, the whole content, means for the field. Throws Rejection(invalid), saying what would be
/// accepted. One trailing newline is dropped; "null" or nothing is null where the field is nullable. Not for logs,
/// views and patches.
Value value_of_text(const Field& field, std::string_view text);

/// The values of the lines that are appended to a string list; empty lines are passed over.
std::vector<Value> list_lines(const Field& field, std::string_view text);

/// The entries that the lines appended to a log mean, one a line: a JSON object, or plain text that becomes the
/// entry's main member. Lines of nothing but white space are passed over. Not stamped yet.
std::vector<Value> log_lines(const Field& field, std::string_view text);

/// A patch or document: JSON text. Throws Rejection(invalid) with line and column.
Value document_of_text(std::string_view text);

}  // namespace statusfs
