#include "fs/store/etcd/foreign_values.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "fs/store/etcd/text_parts.hpp"

namespace statusfs {
namespace {

std::string key_of(const KeyLayout& layout, const std::string& stem, const std::string& number) {
  return layout.foreign_values(stem) + number;
}

/// Of a key below the foreign values, or of a part of one; 0 for what is none of ours.
std::size_t number_of(std::string_view name) {
  std::size_t number = 0;
  return std::from_chars(name.data(), name.data() + name.size(), number).ec == std::errc() ? number : 0;
}

}  // namespace

std::size_t next_foreign_number(EtcdClient& client, const KeyLayout& layout, const std::string& stem) {
  const std::string all = layout.foreign_values(stem);
  EtcdRange range{all, end_of_prefix(all)};
  range.keys_only = true;
  std::size_t largest = 0;
  for (const EtcdKeyValue& entry : client.range(range).entries)
    largest = std::max(largest, number_of(std::string_view(entry.key).substr(all.size())));
  return largest + 1;
}

EtcdPut keep_foreign_value(EtcdClient& client, const KeyLayout& layout, const std::string& stem, std::size_t number,
                           const std::string& text) {
  const std::string key = key_of(layout, stem, std::to_string(number));
  if (!is_too_large_for_a_transaction(text.size())) return {key, text};
  put_beforehand(client, parts_of(layout, key + '/', text));
  return {key, {}};
}

std::string read_foreign_value(EtcdClient& client, const KeyLayout& layout, const std::string& stem,
                               const std::string& number) {
  const std::string key = key_of(layout, stem, number);
  const EtcdRangeResult answer = client.range({key});
  if (answer.entries.empty()) throw std::runtime_error(key + " is not in etcd");
  if (!answer.entries.front().value.empty()) return answer.entries.front().value;
  return read_parts(client, key + '/', answer.revision).text;
}

}  // namespace statusfs
