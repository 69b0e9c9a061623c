// What a writer asks for, and who the writer is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/rules/author.hpp"
#include "mapping/rules/plan.hpp"
#include "mapping/tree/change.hpp"
#include "mapping/tree/node.hpp"

namespace statusfs {

struct WriteRequest {
  enum class Kind {
    set,          ///< `text` is the whole content of the node
    append,       ///< `text` are lines that come behind what is there
    add_task,     ///< `text` is the id
    remove_task,  ///< node is the task's directory
  };
  Kind kind = Kind::set;
  Node node;
  std::string text;
  /// Of append: the line without a newline in which the last request through the same handle ended. `text` goes on with
  /// it.
  std::string unfinished = {};
};

/// Finds out what became of an earlier request of the same writer for the same path with the same key.
class IdempotencyMemory {
 public:
  virtual ~IdempotencyMemory() = default;
  /// SHA-256 (hex) of the request that succeeded with this key, if it is remembered.
  virtual std::optional<std::string> find(std::uint32_t uid, std::string_view path, std::string_view key) const = 0;
};

/// What a request is judged by, besides the document and its mapping.
struct Judge {
  const Author& author;
  const Plan* plan = nullptr;                 ///< nullptr where there is none: rules that need one are off
  const IdempotencyMemory* memory = nullptr;  ///< nullptr: nothing is remembered
};

/// A rule in mode warn that was broken.
struct RuleWarning {
  std::string rule;
  std::string message;
};

/// A request that was accepted. What it changes is complete but for the driver's stamps.
struct Proposal {
  ChangeSet changes;
  std::string op;    ///< for the journal
  std::string path;  ///< for the journal
  std::optional<IdempotencyMark> idempotency;
  bool is_replay = false;  ///< the request was carried out before; nothing is to be done
  std::vector<RuleWarning> warnings;
};

}  // namespace statusfs
