// What stands in a file's head key: where its chain stands, and where its document is.
#pragma once

#include <cstdint>
#include <string>

#include "mapping/chain/journal_record.hpp"

namespace statusfs {

struct StoredHead {
  ChainHead chain;
  std::string host;  ///< that wrote the newest version
  // The document: stored whole as of a version, brought up to the head by the records after it.
  std::uint64_t document_version = 0;
  std::string document_id;  ///< record_hash of that version
  std::size_t document_parts = 0;
  std::string document_sha256;    ///< of all parts together
  std::size_t document_size = 0;  ///< bytes of all parts together
  std::size_t records_size = 0;   ///< bytes of the records after that version
};

std::string encode_head(const StoredHead& head);
/// Throws std::runtime_error for text that is no head.
StoredHead decode_head(const std::string& text);

}  // namespace statusfs
