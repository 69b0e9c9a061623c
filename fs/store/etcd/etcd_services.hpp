// What all stores of one prefix share.
#pragma once

#include <string>

#include "fs/store/etcd/commit_queue.hpp"
#include "fs/store/etcd/etcd_client.hpp"
#include "fs/store/etcd/key_layout.hpp"
#include "fs/store/etcd/quorum_monitor.hpp"

namespace statusfs {

struct EtcdServices {
  EtcdClient& client;
  QuorumMonitor& monitor;
  CommitQueue& queue;
  const KeyLayout& layout;
  const std::string& host;  ///< our name
};

}  // namespace statusfs
