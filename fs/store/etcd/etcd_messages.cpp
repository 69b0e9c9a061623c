#include "fs/store/etcd/etcd_messages.hpp"

#include "fs/store/etcd/base64.hpp"

namespace statusfs {
namespace {

using Json = nlohmann::json;

Json message_of(const EtcdPut& put) {
  Json message{{"key", to_base64(put.key)}, {"value", to_base64(put.value)}};
  if (put.lease != 0) message["lease"] = std::to_string(put.lease);
  return message;
}

Json delete_message(const EtcdRange& range) {
  Json message{{"key", to_base64(range.first)}};
  if (!range.end.empty()) message["range_end"] = to_base64(range.end);
  return message;
}

Json message_of(const EtcdTransaction::Compare& compare) {
  return {{"key", to_base64(compare.key)},
          {"target", "MOD"},
          {"result", "EQUAL"},
          {"mod_revision", std::to_string(compare.modified)}};
}

std::int64_t revision_of(const Json& message) {
  const auto header = message.find("header");
  return header == message.end() ? 0 : integer_of(*header, "revision");
}

std::string bytes_of(const Json& message, const char* member) {
  const auto found = message.find(member);
  return found == message.end() ? std::string() : from_base64(found->get_ref<const std::string&>());
}

}  // namespace

std::string end_of_prefix(std::string prefix) {
  prefix.back() = static_cast<char>(prefix.back() + 1);  // our prefixes end in a slash
  return prefix;
}

Json message_of(const EtcdRange& range) {
  Json message = delete_message(range);
  if (range.limit != 0) message["limit"] = std::to_string(range.limit);
  if (range.revision != 0) message["revision"] = std::to_string(range.revision);
  if (range.keys_only) message["keys_only"] = true;
  if (range.newest_first) {
    message["sort_order"] = "DESCEND";
    message["sort_target"] = "KEY";
  }
  return message;
}

Json message_of(const EtcdTransaction& transaction) {
  Json compare = Json::array(), success = Json::array(), failure = Json::array();
  for (const auto& one : transaction.compare) compare.push_back(message_of(one));
  for (const auto& put : transaction.puts) success.push_back({{"request_put", message_of(put)}});
  for (const auto& range : transaction.deletes) success.push_back({{"request_delete_range", delete_message(range)}});
  for (const auto& range : transaction.otherwise) failure.push_back({{"request_range", message_of(range)}});
  for (const auto& put : transaction.otherwise_puts) failure.push_back({{"request_put", message_of(put)}});
  return {{"compare", std::move(compare)}, {"success", std::move(success)}, {"failure", std::move(failure)}};
}

std::int64_t integer_of(const Json& message, const char* member) {
  const auto found = message.find(member);
  if (found == message.end()) return 0;
  return found->is_string() ? std::stoll(found->get_ref<const std::string&>()) : found->get<std::int64_t>();
}

EtcdKeyValue key_value(const Json& message) {
  return {bytes_of(message, "key"), bytes_of(message, "value"), integer_of(message, "mod_revision"),
          integer_of(message, "lease")};
}

EtcdRangeResult range_result(const Json& message) {
  EtcdRangeResult result;
  result.revision = revision_of(message);
  result.has_more = message.value("more", false);
  if (const auto entries = message.find("kvs"); entries != message.end())
    for (const Json& entry : *entries) result.entries.push_back(key_value(entry));
  return result;
}

EtcdTransactionResult transaction_result(const Json& message) {
  EtcdTransactionResult result;
  result.revision = revision_of(message);
  result.succeeded = message.value("succeeded", false);
  if (const auto responses = message.find("responses"); responses != message.end())
    for (const Json& response : *responses)
      if (const auto range = response.find("response_range"); range != response.end())
        result.reads.push_back(range_result(*range));
  return result;
}

}  // namespace statusfs
