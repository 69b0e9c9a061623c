// Makes the next document and the JSON patch that leads to it, one value at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mapping/chain/chain.hpp"

namespace statusfs {

/// Thread safety: one thread at a time.
class VersionBuilder {
 public:
  VersionBuilder(const StatusDocument& document, const MutationStamp& stamp, IncrementalDigest& digest,
                 DerivedCounts& counts);

  void apply(const ChangeSet& changes);
  void set_derived_values();
  /// Version number, g, trace id and the previous payload hash of the file.
  void stamp_file(std::uint64_t version, const std::optional<std::string>& payload_hash_previous);
  /// To be called last; returns the hash.
  std::string set_payload_hash();

  const StatusDocument& document() const noexcept { return document_; }
  Value patch() const { return encode_json_patch(operations_); }
  std::vector<ChangedValue> take_changes() { return std::move(changes_); }

 private:
  void set(const Field& field, Value value) { set_value(field.pointer, std::move(value)); }
  void set_value(const Pointer& pointer, std::optional<Value> value);
  void append_to_log(const FieldChange& change);
  void apply_to_file(const FieldChange& change);
  void apply_to_task(const std::string& id, const std::vector<const FieldChange*>& changes);
  void add_task(const Value& task);
  void remove_task(const std::string& id);
  Value stamped_task(const Value& task) const;
  Value with_stamped_entries(Value task) const;
  Value with_stamps_of_written(Value task, const std::string& id) const;
  void stamp_what_was_told(const ChangeSet& changes);
  std::optional<Value> stamp_value(Stamp stamp) const;
  void record_task(const Value& before, const Value& after, const Pointer& prefix, const std::string& id);
  void record_members(const Value& before, const Value& after, const Pointer& at, const Pointer& prefix,
                      const std::string& id, const Value& task_before, const Value& task_after);
  void record_difference(const Value& before, const Value& after, const Pointer& pointer, const Pointer& prefix,
                         const std::string& task);

  StatusDocument document_;
  const MutationStamp& stamp_;
  IncrementalDigest& digest_;
  DerivedCounts& counts_;
  std::vector<PatchOperation> operations_;
  std::vector<ChangedValue> changes_;
};

}  // namespace statusfs
