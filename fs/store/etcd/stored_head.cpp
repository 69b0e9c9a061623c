#include "fs/store/etcd/stored_head.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace statusfs {

std::string encode_head(const StoredHead& head) {
  const nlohmann::ordered_json json{{"v", head.chain.version},
                                    {"g", head.chain.g},
                                    {"size", head.chain.size},
                                    {"payload_hash_current", head.chain.payload_hash_current},
                                    {"record_hash", head.chain.record_hash},
                                    {"time", head.chain.time},
                                    {"host", head.host},
                                    {"document_version", head.document_version},
                                    {"document_id", head.document_id},
                                    {"document_parts", head.document_parts},
                                    {"document_size", head.document_size},
                                    {"document_sha256", head.document_sha256},
                                    {"records_size", head.records_size}};
  return json.dump();
}

StoredHead decode_head(const std::string& text) try {
  const auto json = nlohmann::json::parse(text);
  StoredHead head;
  json.at("v").get_to(head.chain.version);
  json.at("g").get_to(head.chain.g);
  json.at("size").get_to(head.chain.size);
  json.at("payload_hash_current").get_to(head.chain.payload_hash_current);
  json.at("record_hash").get_to(head.chain.record_hash);
  json.at("time").get_to(head.chain.time);
  json.at("host").get_to(head.host);
  json.at("document_version").get_to(head.document_version);
  json.at("document_id").get_to(head.document_id);
  json.at("document_parts").get_to(head.document_parts);
  json.at("document_sha256").get_to(head.document_sha256);
  json.at("document_size").get_to(head.document_size);
  json.at("records_size").get_to(head.records_size);
  return head;
} catch (const nlohmann::json::exception& error) {
  throw std::runtime_error(std::string("it is no head of a status file: ") + error.what());
}

}  // namespace statusfs
