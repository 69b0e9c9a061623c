// Whom a version that another program made names as its writer.
#pragma once

#include "mapping/rules/author.hpp"
#include "mapping/tree/status_document.hpp"

namespace statusfs {

/// Throws Rejection(not_permitted), with the pointer, where a task of `after` got a persona that only statusfs itself
/// signs as, and that is not the author's.
void require_own_personas(const StatusDocument& before, const StatusDocument& after, const Author& author);

}  // namespace statusfs
