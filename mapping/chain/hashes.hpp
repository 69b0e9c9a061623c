// The hashes of a status file.
//
//   signature_hash       = "sha256:" + hex(SHA-256(JCS(task without signature_hash)))
//   payload_hash_current = "sha256:" + hex(SHA-256(JCS(P))), P = payload without payload_hash_current, and with
//                          tasks_status replaced by the array of its tasks' signature_hash values
//
// So one task is checked alone, and a changed task costs one task. mapping/chain/README.md has a worked example.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/document/sha256.hpp"
#include "mapping/tree/status_document.hpp"

namespace statusfs {

std::string signature_hash(const Mapping& mapping, const Value& task);
std::string payload_hash(const StatusDocument& document);

/// One thing that is not as it should be.
struct Finding {
  std::string pointer;  ///< JSON pointer into the file
  std::string message;
};

/// Whether the file bears any hash of the mapping that is not null.
bool has_any_hash(const StatusDocument& document);

/// Every signature and the payload hash recomputed; the differences, in the file's order, at most `limit` of them.
std::vector<Finding> verify_hashes(const StatusDocument& document, std::size_t limit = 100);

/// Computes payload hashes and file sizes of successive documents, at the cost of what changed between them.
/// Thread safety: one thread at a time.
class IncrementalDigest {
 public:
  explicit IncrementalDigest(const StatusDocument& document);
  /// To be told of every change of the tasks, in order, as it happens.
  void task_changed(std::size_t position, const Value& before, const Value& after);
  void task_added(const Value& task);
  /// Many at once: the positions, which ascend, are those in the document that still has them.
  void tasks_removed(std::span<const std::size_t> positions, const StatusDocument& before);
  /// Starts again from another document, whatever was told before.
  void reset(const StatusDocument& document);

  std::string payload_hash(const StatusDocument& document);
  /// Bytes of the JSON file of this document.
  std::uint64_t file_size(const StatusDocument& document);

 private:
  // What a container of the payload looks like, valid as long as it is this very node.
  struct CachedMember {
    Value value;
    std::string canonical;
    std::uint64_t indented_size = 0;
    /// Of a log, whose entries stay: `grown` is its value with more of them, printed at this depth.
    void append_elements_of(const Value& grown, std::size_t depth);
  };
  const CachedMember& cached(std::string_view key, const Value& value);
  const std::vector<std::size_t>& order_of(std::span<const Member> members);
  void append_payload_member(const StatusDocument& document, const Member& member);
  void append_large(std::string_view text);  // hashed where it stands
  std::uint64_t size_of_tasks(const StatusDocument& document) const;
  std::uint64_t size_on_path(const StatusDocument& document, const Value& value, std::size_t depth);
  std::uint64_t size_of_member(const StatusDocument& document, const Member& member, std::size_t depth);

  const Mapping* mapping_;
  std::size_t task_depth_;
  // The tasks' canonical signature hashes, each with a comma behind it, so that one task is found by its position.
  // Empty and not used once a task's signature is not of the usual length.
  std::string leaves_;
  bool is_regular_ = true;
  std::uint64_t tasks_size_ = 0;  // sum of the tasks' indented sizes
  std::map<std::string, CachedMember, std::less<>> cache_;
  // The payload's canonical order, valid as long as its keys are these very nodes.
  std::vector<Value> ordered_keys_;
  std::vector<std::size_t> order_;
  Sha256 sha256_;
  std::string buffer_;
};

}  // namespace statusfs
