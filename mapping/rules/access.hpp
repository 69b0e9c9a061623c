// Which archetype may write what.
#pragma once

#include "mapping/document/json_patch.hpp"
#include "mapping/rules/write_request.hpp"

namespace statusfs {

/// Each throws Rejection(access_denied), naming the archetypes that may, where the author's archetype may not.
void require_access(const StatusDocument& document, const ChangeSet& changes, const Judge& judge);
void require_access_to_field(const StatusDocument& document, const Field& field, const std::string& task,
                             const Judge& judge);

/// The same by the pointers of an operation into the scope (the file, where `task` is empty), for a JSON patch whose
/// outcome is not asked for.
void require_access_to_operation(const StatusDocument& document, const std::string& task,
                                 const PatchOperation& operation, const Judge& judge);
/// Only for the authority over locks; `what` is what the others may not do.
void require_authority(const StatusDocument& document, const std::string& what, const Judge& judge);

/// For patches, whose targets are known only once they are read: throws for an author who may write nothing at all.
void require_some_access(const Mapping& mapping, const Author& author);

}  // namespace statusfs
