#include "mapping/chain/chain.hpp"

#include "mapping/chain/followed_version.hpp"
#include "mapping/chain/version_builder.hpp"
#include "mapping/document/difference.hpp"
#include "mapping/document/json_patch_text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/tree/stamped_value.hpp"

namespace statusfs {
namespace {

JournalRecord record_of(const MutationStamp& stamp, std::string op, std::string path) {
  JournalRecord record;
  record.g = stamp.g;
  record.time = stamp.time;
  record.op = std::move(op);
  record.path = std::move(path);
  record.author = stamp.author;
  return record;
}

std::uint64_t next_version(const StatusDocument& document) {
  const std::uint64_t version = version_of(document.mapping(), document.root()).value_or(0);
  if (version >= largest_exact_integer)
    throw Rejection(Cause::invalid, document.mapping().stamped(Stamp::version, false)->pointer.text() + " is " +
                                        std::to_string(version) +
                                        "; no version can follow that one, since none may lie above " +
                                        std::to_string(largest_exact_integer));
  return version + 1;
}

StatusDocument with_signed_tasks(const StatusDocument& document) {
  const Mapping& mapping = document.mapping();
  const Pointer& signature = mapping.stamped(Stamp::signature_hash, true)->pointer;
  StatusDocument result = document;
  for (std::size_t position = 0; position < document.task_count(); ++position) {
    const Value& task = document.task(position);
    result = result.with_task(position, with_value_at(task, signature, Value(signature_hash(mapping, task))));
  }
  return result;
}

}  // namespace

ChangedValue changed_value(std::string task, const Field* field, const Pointer& pointer) {
  const bool is_shown = field && (field->type != FieldType::group || field->pointer == pointer);
  return {std::move(task), field, false, is_shown ? Pointer() : pointer};
}

Chain::Chain(std::shared_ptr<const StatusDocument> document, ChainHead head)
    : document_(std::move(document)), head_(std::move(head)), digest_(*document_), counts_(*document_) {}

Version Chain::append(const Proposal& proposal, const MutationStamp& stamp) {
  VersionBuilder builder(*document_, stamp, digest_, counts_);
  builder.apply(proposal.changes);
  builder.set_derived_values();
  builder.stamp_file(head_.version + 1, head_.payload_hash_current);
  JournalRecord record = record_of(stamp, proposal.op, proposal.path);
  record.version = head_.version + 1;
  record.payload_hash_previous = head_.payload_hash_current;
  record.payload_hash_current = builder.set_payload_hash();
  record.idempotency = proposal.idempotency;
  record.record_previous = head_.record_hash;
  record.size = digest_.file_size(builder.document());
  Version version;
  version.record = encode_record(record, builder.take_patch());
  version.head = head_of(record);
  version.document = std::make_shared<const StatusDocument>(builder.take_document());
  version.changes = builder.take_changes();
  version.tasks_listed_anew = proposal.changes.changes_membership();
  document_ = version.document;
  head_ = version.head;
  return version;
}

Version Chain::append_document(const StatusDocument& next, const MutationStamp& stamp) {
  const std::vector<PatchOperation> operations = json_difference(document_->root(), next.root());
  // The bytes of the file follow from the patch, so the order of the members is the chain's and not the other
  // program's.
  const StatusDocument result(document_->shared_mapping(), apply_json_patch(document_->root(), operations));
  digest_.reset(result);
  counts_ = DerivedCounts(result);
  JournalRecord record = record_of(stamp, "external", "");
  record.version = head_.version + 1;
  record.payload_hash_previous = head_.payload_hash_current;
  record.payload_hash_current = digest_.payload_hash(result);
  record.record_previous = head_.record_hash;
  record.patch = encode_json_patch(operations);
  record.size = digest_.file_size(result);
  std::string line = encode_record(record);  // which hashes it
  Version version =
      followed_version(*document_, std::make_shared<const StatusDocument>(result), std::move(line), head_of(record));
  document_ = version.document;
  head_ = version.head;
  return version;
}

void Chain::reset(std::shared_ptr<const StatusDocument> document, ChainHead head) {
  document_ = std::move(document);
  head_ = std::move(head);
  digest_.reset(*document_);
  counts_ = DerivedCounts(*document_);
}

Version begin_chain(const StatusDocument& document, const TemplateNames& names, const MutationStamp& stamp,
                    const std::string& op) {
  if (const std::string hindrance = hindrance_of_schema(document); !hindrance.empty())
    throw Rejection(Cause::read_only, hindrance + ", so that it is shown and not changed");
  const StatusDocument completed(document.shared_mapping(),
                                 with_completed_header(document.mapping(), document.root(), names));
  const StatusDocument with_signatures = with_signed_tasks(completed);
  IncrementalDigest digest(with_signatures);
  DerivedCounts counts(with_signatures);
  VersionBuilder builder(with_signatures, stamp, digest, counts);
  builder.set_derived_values();
  JournalRecord record = record_of(stamp, op, "");
  record.version = next_version(document);
  builder.stamp_file(record.version, std::nullopt);
  record.payload_hash_current = builder.set_payload_hash();
  record.patch = whole_document_patch(builder.document().root());
  record.size = digest.file_size(builder.document());
  Version version;
  version.record = encode_record(record);
  version.head = head_of(record);
  version.document = std::make_shared<const StatusDocument>(builder.take_document());
  version.tasks_listed_anew = true;
  return version;
}

}  // namespace statusfs
