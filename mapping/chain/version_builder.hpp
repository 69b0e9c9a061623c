// Makes the next document and the JSON patch that leads to it, one value at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mapping/chain/chain.hpp"
#include "mapping/document/json_patch_text.hpp"
#include "mapping/rules/write_stamp.hpp"

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

  // Each once, when all is done.
  StatusDocument take_document() { return std::move(document_); }
  std::string take_patch() { return patch_.finish(); }  ///< JSON text
  std::vector<ChangedValue> take_changes() { return std::move(changes_); }

 private:
  void set(const Field& field, std::optional<Value> value) { set_value(&field, field.pointer, std::move(value)); }
  // `field` shows the value, or what is around it; nullptr where none does.
  void set_value(const Field* field, const Pointer& pointer, std::optional<Value> value);
  void append_to_log(const FieldChange& change);
  void apply_to_file(const FieldChange& change);
  void apply_to_task(const std::string& id, const std::vector<const FieldChange*>& changes);
  void add_task(const Value& task);
  void remove_tasks(const std::vector<std::string>& ids);
  Value stamped_task(Value task) const;
  Value with_stamped_entries(Value task) const;
  Value with_stamps_of_written(Value task, const std::string& id) const;
  void stamp_what_was_told(const ChangeSet& changes);
  std::optional<Value> stamp_value(Stamp stamp) const { return value_of_stamp(stamp, {stamp_.g, stamp_.author}); }
  // A task that changes: from what to what, under which id, and where it stands in the file (a pointer's text).
  struct TaskChange {
    const std::string& id;
    const Value& before;
    const Value& after;
    std::string pointer;
  };
  void record_members(const TaskChange& task, const Value& before, const Value& after, const Pointer& at);
  void record_member(const TaskChange& task, const Value* before, const Member& after, const Pointer& at);
  void record_value(const TaskChange& task, const Field* field, const Pointer& pointer);

  StatusDocument document_;
  const MutationStamp& stamp_;
  IncrementalDigest& digest_;
  DerivedCounts& counts_;
  PatchText patch_;
  std::vector<ChangedValue> changes_;
};

}  // namespace statusfs
