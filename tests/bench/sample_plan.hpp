// A status file of any size, and the same write to it again and again, without files and threads.
#pragma once

#include <cstddef>
#include <string>

#include "mapping/chain/chain.hpp"
#include "mapping/rules/proposal.hpp"
#include "mapping/schema/mapping_loader.hpp"

namespace statusfs::bench {

inline StatusDocument sample_plan(std::size_t tasks) {
  const auto mapping = default_mapping();
  StatusDocument document(mapping, initial_document(*mapping, {"exec_status_125", "exec_plan_125", {}, 1}));
  for (std::size_t number = 0; number < tasks; ++number)
    document = document.with_added_task(initial_task(*mapping, {{}, {}, "task_" + std::to_string(number), 1}));
  return document;
}

inline MutationStamp next_stamp(const ChainHead& head) {
  MutationStamp stamp;
  stamp.g = head.g + 1;
  stamp.time = "2026-01-01T00:00:00.000000Z";
  stamp.author.persona = "bench";
  stamp.author.archetype = default_mapping()->archetypes.front();
  stamp.author.trace_id = std::string(32, 'a');
  return stamp;
}

inline Chain new_chain(const StatusDocument& document) {
  const Version first =
      begin_chain(document, {"exec_status_125", "exec_plan_125", {}, 1}, next_stamp(ChainHead()), "adopt");
  return {first.document, first.head};
}

/// Writes to one field after another, each time a value that it does not have.
class FieldWriter {
 public:
  explicit FieldWriter(const StatusDocument& document) : chain_(new_chain(document)) {}

  Version write() {
    const StatusDocument& document = *chain_.document();
    WriteRequest request;
    request.node.kind = Node::Kind::field;
    request.node.field = document.mapping().task_field("percent_complete");
    request.node.task = document.task_id(count_ % document.task_count());
    request.text = std::to_string(1 + count_ / document.task_count() % 100) + "\n";
    ++count_;
    const MutationStamp stamp = next_stamp(chain_.head());
    return chain_.append(propose(document, request, {stamp.author}), stamp);
  }

  const StatusDocument& document() const { return *chain_.document(); }

 private:
  Chain chain_;
  std::size_t count_ = 0;
};

}  // namespace statusfs::bench
