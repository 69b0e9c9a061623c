#include "fs/store/etcd/stored_document.hpp"

#include <algorithm>

#include "fs/store/etcd/text_parts.hpp"
#include "mapping/document/sha256.hpp"
#include "mapping/document/text.hpp"

namespace statusfs {
namespace {

constexpr std::size_t few_records = 16 * 1024;  // bytes that may always stand behind the stored document

}  // namespace

bool is_document_due(const StoredHead& head) {
  return head.records_size >= std::max<std::size_t>(head.document_size, few_records);
}

bool is_document_small(const StoredHead& head) { return !is_too_large_for_a_transaction(head.document_size); }

std::vector<EtcdPut> document_puts(const KeyLayout& layout, const std::string& stem, const StatusDocument& document,
                                   StoredHead& head) {
  const std::string text = compact(document.root());
  head.document_version = head.chain.version;
  head.document_id = head.chain.record_hash;
  head.document_size = text.size();
  head.document_sha256 = sha256_hex(text);
  head.records_size = 0;
  std::vector<EtcdPut> parts = parts_of(layout, layout.document(stem, head.document_version, head.document_id), text);
  head.document_parts = parts.size();
  return parts;
}

std::vector<EtcdPut> store_document(EtcdClient& client, const KeyLayout& layout, const std::string& stem,
                                    const StatusDocument& document, StoredHead& head) {
  std::vector<EtcdPut> puts = document_puts(layout, stem, document, head);
  if (is_document_small(head)) return puts;
  put_beforehand(client, std::move(puts));
  return {};
}

std::vector<EtcdRange> other_documents(const KeyLayout& layout, const std::string& stem, const StoredHead& head) {
  const std::string all = layout.documents(stem);
  const std::string own = layout.document(stem, head.document_version, head.document_id);
  return {{all, own}, {end_of_prefix(own), end_of_prefix(all)}};
}

EtcdRange document_of(const KeyLayout& layout, const std::string& stem, const StoredHead& head) {
  std::string key = layout.document(stem, head.document_version, head.document_id);
  std::string end = end_of_prefix(key);
  return {std::move(key), std::move(end)};
}

std::optional<std::string> read_document(EtcdClient& client, const KeyLayout& layout, const std::string& stem,
                                         const StoredHead& head, std::int64_t revision, std::string& found) {
  TextParts parts = read_parts(client, layout.document(stem, head.document_version, head.document_id), revision);
  found = std::move(parts.text);
  if (parts.count != head.document_parts || sha256_hex(found) != head.document_sha256) return std::nullopt;
  return found;
}

}  // namespace statusfs
