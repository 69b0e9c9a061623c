#include "fs/engine/control_commands.hpp"

#include "fs/engine/partition_state.hpp"
#include "fs/engine/version_documents.hpp"
#include "fs/engine/version_lines.hpp"
#include "mapping/chain/hashes.hpp"
#include "mapping/rules/access.hpp"
#include "mapping/rules/rollback.hpp"
#include "mapping/tree/template.hpp"

namespace statusfs {
namespace {

void require_writable_mount(const VersionWriter& writer) {
  if (writer.context().read_only) throw Rejection(Cause::read_only, "the file system is mounted read-only");
}

// Reads no more of the journal than that version needs. What its hashes do not confirm becomes no new version.
StatusDocument version_of(VersionWriter& writer, std::uint64_t version) {
  if (version > writer.state()->head.version || version < first_version(writer.store()))
    throw Rejection(Cause::not_found, "there is no version " + std::to_string(version));
  StatusDocument document(writer.state()->document->shared_mapping(),
                          VersionDocuments(writer.store()).document(version));
  if (const auto findings = verify_hashes(document, 1); !findings.empty())
    throw Rejection(Cause::io_failure, "version " + std::to_string(version) +
                                           " is not what it was when it was written (" + findings.front().pointer +
                                           " " + findings.front().message + "); statusfs verify says more");
  return document;
}

void roll_back(VersionWriter& writer, const ControlRequest& request, const Author& author) {
  writer.require_open_for_writes();
  const StatusDocument& document = *writer.state()->document;
  const StatusDocument earlier = version_of(writer, request.version);
  const Proposal proposal =
      propose_rollback(document, earlier, request.version, request.task, writer.judge_for(author));
  if (proposal.changes.empty()) return;
  writer.publish(writer.commit_alone(proposal, author));
  for (const RuleWarning& warning : proposal.warnings) writer.warn("rule " + warning.rule + ": " + warning.message);
}

// What readers see while it runs; the journal has the outcome alone.
std::shared_ptr<const FileState> reconciling_state(const FileState& now, const Field& field) {
  auto state = std::make_shared<FileState>(now);
  state->document =
      std::make_shared<const StatusDocument>(now.document->with_field(field, Value(partition_reconciling)));
  state->read_only = "it is being reconciled";
  return state;
}

void reconcile(VersionWriter& writer, const ControlRequest& request, const Author& author) {
  require_writable_mount(writer);
  const FileState& state = *writer.state();
  if (!state.document) throw unusable(writer.stem(), state);
  require_authority(*state.document, "reconcile", {author});
  if (!state.chained || !is_partitioned(*state.document))
    throw Rejection(Cause::not_permitted, writer.stem() + " is not in quarantine; there is nothing to reconcile");
  const Field& field = *partition_field(*writer.context().mapping);
  writer.show(reconciling_state(state, field));
  try {
    const ForeignFile foreign = last_foreign_file(writer.store(), writer.context().mapping);
    Acceptable accepted =
        propose_reconciliation(*state.document, foreign, request.resolution, request.preferred, {author});
    accepted.proposal.changes.fields.push_back(
        {{}, &field, field.pointer, *state.document->value_of(field), Value(partition_consistent), {}});
    writer.publish(writer.commit_alone(accepted.proposal, author));
    for (const LeftOut& left_out : accepted.left_out)
      writer.warn(text_of(left_out, *writer.context().mapping, foreign));
  } catch (...) {
    writer.replace();
    throw;
  }
}

void adopt(VersionWriter& writer, const Author& author) {
  const FileState& state = *writer.state();
  if (!state.document) throw unusable(writer.stem(), state);
  require_writable_mount(writer);
  if (const std::string hindrance = hindrance_of_schema(*state.document); !hindrance.empty())
    throw Rejection(Cause::read_only, writer.stem() + " cannot be adopted: " + hindrance);
  require_authority(*state.document, "adopt", {author});
  if (state.chained) throw Rejection(Cause::not_permitted, writer.stem() + " has a chain already");
  writer.begin_chain(author);
}

}  // namespace

void carry_out(VersionWriter& writer, const ControlRequest& request, const Author& author) {
  switch (request.command) {
    case ControlRequest::Command::adopt:
      return adopt(writer, author);
    case ControlRequest::Command::rollback:
      return roll_back(writer, request, author);
    case ControlRequest::Command::reconcile:
      return reconcile(writer, request, author);
  }
}

}  // namespace statusfs
