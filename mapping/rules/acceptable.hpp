// Of a document that another program left, what the rules allow.
#pragma once

#include <string>
#include <vector>

#include "mapping/rules/write_request.hpp"

namespace statusfs {

/// A change that was refused.
struct LeftOut {
  std::string task;  ///< id; empty in the file's scope
  Pointer pointer;   ///< from the scope; the root for a whole task that was added or removed
  std::string reason;
};

struct Acceptable {
  Proposal proposal;
  std::vector<LeftOut> left_out;
};

/// As propose_replacement(), but value by value: what is refused also beside everything else that is taken is left out.
/// Throws Rejection where the documents cannot be compared (see difference()).
Acceptable propose_acceptable(const StatusDocument& document, const Value& replacement, const Judge& judge);

}  // namespace statusfs
