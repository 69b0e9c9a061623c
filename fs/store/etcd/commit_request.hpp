// What a file asks to be written to etcd, and what became of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fs/store/etcd/etcd_messages.hpp"
#include "fs/store/store.hpp"

namespace statusfs {

/// A group of mutations of one file.
struct CommitRequest {
  std::string name;  ///< of the file, for people
  std::string head_key;
  std::int64_t head_revision = 0;  ///< which the head must have
  std::int64_t first_g = 0, last_g = 0;
  std::size_t mutations = 1;
  std::vector<EtcdPut> puts;
  std::vector<EtcdRange> deletes;
  std::string record_key, record;  ///< of the last record: it stands there if the transaction went through
  std::string record_hash;
  std::size_t size = 0;  ///< bytes of all of it
};

struct CommitOutcome {
  StoreStatus status = StoreStatus::done;
  std::string reason;
  std::int64_t revision = 0;  ///< of what was put
  bool head_moved = false;    ///< of a conflict: the file itself has a newer version, not only the counter
  bool is_too_large = false;  ///< of a conflict: nobody was first, but fewer mutations may fit into a transaction
};

}  // namespace statusfs
