// Judging writes to the sample document.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "mapping/rules/proposal.hpp"
#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {

inline Author author_of(const std::string& archetype) {
  return {"TESTER", archetype, 1000, 4711, std::string(32, 'a')};
}

/// What somebody writes, and who.
struct Attempt {
  std::string path;
  std::string text;
  WriteRequest::Kind kind = WriteRequest::Kind::set;
  std::string archetype = "SUPERVISOR";
  std::string unfinished = {};  // see WriteRequest
};

inline Proposal judged(const StatusDocument& document, const Attempt& attempt, const Plan* plan = nullptr,
                       const IdempotencyMemory* memory = nullptr) {
  const Author author = author_of(attempt.archetype);
  return propose(document, {attempt.kind, node_at(document, attempt.path), attempt.text, attempt.unfinished},
                 {author, plan, memory});
}

inline void expect_judged(const StatusDocument& document, const Attempt& attempt, Cause cause,
                          const std::vector<std::string>& parts = {}, const Plan* plan = nullptr) {
  SCOPED_TRACE(attempt.archetype + " writes to " + attempt.path + ": " + attempt.text);
  expect_refused(cause, parts, [&] { judged(document, attempt, plan); });
}

/// The sample with hashes in its first task and in the file, at version 22.
inline StatusDocument sealed_sample() {
  return sample_after(R"([{"op":"replace","path":"/payload/tasks_status/0/signature_hash","value":"sha256:one"},
                          {"op":"replace","path":"/payload/payload_hash_current","value":"sha256:file"},
                          {"op":"replace","path":"/os_file_header/v_file_instance","value":22}])");
}

/// The values after the changes, by "task:/pointer"; appended entries as "+[...]".
inline std::map<std::string, std::string> outcome(const Proposal& proposal) {
  std::map<std::string, std::string> values;
  for (const FieldChange& change : proposal.changes.fields)
    values[change.task + ":" + change.pointer.text()] = change.is_append()
                                                            ? "+" + compact(Value::array(change.appended))
                                                        : change.after ? compact(*change.after)
                                                                       : "absent";
  return values;
}

using Outcome = std::map<std::string, std::string>;

}  // namespace statusfs
