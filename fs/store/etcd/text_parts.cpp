#include "fs/store/etcd/text_parts.hpp"

#include <chrono>

namespace statusfs {
namespace {

constexpr std::size_t part_size = 512 * 1024;       // bytes; etcd takes 1.5 MiB a request
constexpr std::size_t largest_in_one = 256 * 1024;  // bytes
constexpr std::chrono::milliseconds patience_with_a_part{2000};
constexpr std::int64_t parts_a_page = 4;

}  // namespace

bool is_too_large_for_a_transaction(std::size_t size) { return size > largest_in_one; }

std::vector<EtcdPut> parts_of(const KeyLayout& layout, const std::string& prefix, const std::string& text) {
  std::vector<EtcdPut> parts;
  for (std::size_t start = 0; start < text.size(); start += part_size)
    parts.push_back({layout.part(prefix, parts.size()), text.substr(start, part_size)});
  return parts;
}

void put_beforehand(EtcdClient& client, std::vector<EtcdPut> parts) {
  for (EtcdPut& part : parts) {
    EtcdTransaction transaction;
    transaction.puts.push_back(std::move(part));
    client.transact(transaction, patience_with_a_part);
  }
}

TextParts read_parts(EtcdClient& client, const std::string& prefix, std::int64_t revision) {
  TextParts parts;
  EtcdRange range{prefix, end_of_prefix(prefix)};
  range.revision = revision;
  range.limit = parts_a_page;
  client.range_in_pages(range, [&](EtcdKeyValue& part) {
    parts.text += part.value;
    ++parts.count;
    return true;
  });
  return parts;
}

}  // namespace statusfs
