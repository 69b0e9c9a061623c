// The document of a file in etcd: whole as of some version, in parts below etcd's limit of a request.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fs/store/etcd/etcd_client.hpp"
#include "fs/store/etcd/key_layout.hpp"
#include "fs/store/etcd/stored_head.hpp"
#include "mapping/tree/status_document.hpp"

namespace statusfs {

/// Whether the document should be stored anew with the mutation that leads to `head`: when the records after the stored
/// one have become as large as it is, and many.
bool is_document_due(const StoredHead& head);

/// Whether the document that the head names is small enough to be put in the transaction that names it.
bool is_document_small(const StoredHead& head);

/// The document as of the head: names it in the head and returns its parts, which must be put.
std::vector<EtcdPut> document_puts(const KeyLayout& layout, const std::string& stem, const StatusDocument& document,
                                   StoredHead& head);
/// The same. Where it is not small, all parts are put at once, one after another, and nothing is left to be put; they
/// mean nothing until a head names them. Throws EtcdError.
std::vector<EtcdPut> store_document(EtcdClient& client, const KeyLayout& layout, const std::string& stem,
                                    const StatusDocument& document, StoredHead& head);

/// All keys of documents of the file but those that the head names: nobody needs them once that head stands. Also what
/// was put beforehand and never named.
std::vector<EtcdRange> other_documents(const KeyLayout& layout, const std::string& stem, const StoredHead& head);
/// The keys of the document that the head names.
EtcdRange document_of(const KeyLayout& layout, const std::string& stem, const StoredHead& head);

/// The text of the document that the head names, as of a revision; nothing where it is not what the head says. `found`
/// is what stands there. Throws EtcdError.
std::optional<std::string> read_document(EtcdClient& client, const KeyLayout& layout, const std::string& stem,
                                         const StoredHead& head, std::int64_t revision, std::string& found);

}  // namespace statusfs
