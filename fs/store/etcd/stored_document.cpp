#include "fs/store/etcd/stored_document.hpp"

#include <algorithm>

#include "mapping/document/sha256.hpp"
#include "mapping/document/text.hpp"

namespace statusfs {
namespace {

constexpr std::size_t few_records = 16 * 1024;      // bytes that may always stand behind the stored document
constexpr std::size_t part_size = 512 * 1024;       // bytes; etcd takes 1.5 MiB a request
constexpr std::size_t put_beforehand = 256 * 1024;  // bytes above which the parts do not go into the transaction

}  // namespace

bool is_document_due(const StoredHead& head) {
  return head.records_size >= std::max<std::size_t>(head.document_size, few_records);
}

std::vector<EtcdPut> store_document(EtcdClient& client, const KeyLayout& layout, const std::string& stem,
                                    const StatusDocument& document, StoredHead& head) {
  const std::string text = compact(document.root());
  head.document_version = head.chain.version;
  head.document_id = head.chain.record_hash;
  head.document_size = text.size();
  head.document_sha256 = sha256_hex(text);
  head.document_parts = 0;
  head.records_size = 0;
  const std::string key = layout.document(stem, head.document_version, head.document_id);
  std::vector<EtcdPut> puts;
  for (std::size_t start = 0; start < text.size(); start += part_size)
    puts.push_back({layout.document_part(key, head.document_parts++), text.substr(start, part_size)});
  if (text.size() <= put_beforehand) return puts;
  for (EtcdPut& put : puts) {
    EtcdTransaction transaction;
    transaction.puts.push_back(std::move(put));
    client.transact(transaction);
  }
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
  found.clear();
  const std::string key = layout.document(stem, head.document_version, head.document_id);
  EtcdRange range{key, end_of_prefix(key)};
  range.revision = revision;
  range.limit = 4;
  std::size_t parts = 0;
  client.range_in_pages(range, [&](EtcdKeyValue& part) {
    found += part.value;
    ++parts;
    return true;
  });
  if (parts != head.document_parts || sha256_hex(found) != head.document_sha256) return std::nullopt;
  return found;
}

}  // namespace statusfs
