// Which archetype may write what.
#pragma once

#include "mapping/rules/write_request.hpp"

namespace statusfs {

/// Each throws Rejection(access_denied), naming the archetypes that may, where the author's archetype may not.
void require_access(const StatusDocument& document, const ChangeSet& changes, const Judge& judge);
void require_access_to_field(const StatusDocument& document, const Field& field, const std::string& task,
                             const Judge& judge);

/// Whether this archetype may write anything at all under the mapping.
bool may_write_anything(const Mapping& mapping, std::string_view archetype) noexcept;

}  // namespace statusfs
