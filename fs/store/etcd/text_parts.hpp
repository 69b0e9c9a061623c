// A text in parts below etcd's limit of a request: a document, or a foreign value.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "fs/store/etcd/etcd_client.hpp"
#include "fs/store/etcd/key_layout.hpp"

namespace statusfs {

/// Whether a text of so many bytes does not go into a transaction together with what else is in it.
bool is_too_large_for_a_transaction(std::size_t size);

/// The text under keys that begin with `prefix`, in order. None for an empty text.
std::vector<EtcdPut> parts_of(const KeyLayout& layout, const std::string& prefix, const std::string& text);

/// Each in a transaction of its own, before what makes them count. Throws EtcdError.
void put_beforehand(EtcdClient& client, std::vector<EtcdPut> parts);

struct TextParts {
  std::string text;
  std::size_t count = 0;
};
/// What stands below the prefix as of the revision. Throws EtcdError.
TextParts read_parts(EtcdClient& client, const std::string& prefix, std::int64_t revision);

}  // namespace statusfs
