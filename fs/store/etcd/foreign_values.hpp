// What another program had put in the place of a head, a document or a record, kept beside the file; README.md.
#pragma once

#include <cstddef>
#include <string>

#include "fs/store/etcd/etcd_client.hpp"
#include "fs/store/etcd/key_layout.hpp"

namespace statusfs {

/// The number behind the largest that is there, whichever of them were removed. Throws EtcdError.
std::size_t next_foreign_number(EtcdClient& client, const KeyLayout& layout, const std::string& stem);

/// What must be put to keep the text under the number. Where it is too much for one transaction, its parts were put
/// before, and the key itself, which makes them count, is empty. Throws EtcdError.
EtcdPut keep_foreign_value(EtcdClient& client, const KeyLayout& layout, const std::string& stem, std::size_t number,
                           const std::string& text);

/// Throws EtcdError, and std::runtime_error where there is none of this number.
std::string read_foreign_value(EtcdClient& client, const KeyLayout& layout, const std::string& stem,
                               const std::string& number);

}  // namespace statusfs
