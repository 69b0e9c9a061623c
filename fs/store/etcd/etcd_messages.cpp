#include "fs/store/etcd/etcd_messages.hpp"

#include <utility>

#include "fs/store/etcd/etcd.pb.h"
#include "fs/store/etcd/protocol_message.hpp"

namespace statusfs {
namespace {

void set(protocol::RangeRequest& message, const EtcdRange& range) {
  message.set_key(range.first);
  message.set_range_end(range.end);
  message.set_limit(range.limit);
  message.set_revision(range.revision);
  message.set_keys_only(range.keys_only);
  if (range.newest_first) message.set_sort_order(protocol::RangeRequest::DESCEND);
}

void set(protocol::PutRequest& message, const EtcdPut& put) {
  message.set_key(put.key);
  message.set_value(put.value);
  message.set_lease(put.lease);
}

void set(protocol::DeleteRangeRequest& message, const EtcdRange& range) {
  message.set_key(range.first);
  message.set_range_end(range.end);
}

// Also where the revision is 0, which means that there is no such key.
void set(protocol::Compare& message, const EtcdTransaction::Compare& compare) {
  message.set_target(protocol::Compare::MOD);
  message.set_key(compare.key);
  message.set_mod_revision(compare.modified);
}

EtcdRangeResult result_of(protocol::RangeResponse& message) {
  EtcdRangeResult result;
  result.revision = message.header().revision();
  result.has_more = message.more();
  result.entries.reserve(static_cast<std::size_t>(message.kvs_size()));
  for (protocol::KeyValue& entry : *message.mutable_kvs()) result.entries.push_back(key_value(entry));
  return result;
}

}  // namespace

std::string end_of_prefix(std::string prefix) {
  prefix.back() = static_cast<char>(prefix.back() + 1);  // our prefixes end in a slash
  return prefix;
}

std::string message_of(const EtcdRange& range) {
  protocol::RangeRequest message;
  set(message, range);
  return message.SerializeAsString();
}

std::string message_of(const EtcdTransaction& transaction) {
  protocol::TxnRequest message;
  for (const auto& compare : transaction.compare) set(*message.add_compare(), compare);
  for (const auto& put : transaction.puts) set(*message.add_success()->mutable_put(), put);
  for (const auto& range : transaction.deletes) set(*message.add_success()->mutable_delete_range(), range);
  for (const auto& range : transaction.otherwise) set(*message.add_failure()->mutable_range(), range);
  for (const auto& put : transaction.otherwise_puts) set(*message.add_failure()->mutable_put(), put);
  return message.SerializeAsString();
}

EtcdRangeResult range_result(std::string_view message) {
  auto answer = parsed<protocol::RangeResponse>(message);
  return result_of(answer);
}

EtcdTransactionResult transaction_result(std::string_view message) {
  auto answer = parsed<protocol::TxnResponse>(message);
  EtcdTransactionResult result;
  result.revision = answer.header().revision();
  result.succeeded = answer.succeeded();
  for (protocol::ResponseOp& response : *answer.mutable_responses())
    if (response.has_range()) result.reads.push_back(result_of(*response.mutable_range()));
  return result;
}

}  // namespace statusfs
