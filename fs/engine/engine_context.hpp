// What all status files of a mount share.
#pragma once

#include <functional>
#include <memory>

#include "fs/counter/global_counter.hpp"
#include "fs/engine/document_cache.hpp"
#include "fs/engine/metrics.hpp"
#include "fs/identity/config.hpp"
#include "mapping/chain/checkpoint.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

struct EngineContext {
  std::shared_ptr<const Mapping> mapping;
  GlobalCounter& counter;
  Metrics& metrics;
  std::function<Config()> config;               ///< the one in force; any thread
  std::function<void(const std::string&)> log;  ///< a notice for the administrator; any thread
  bool read_only = false;
  bool adopt_unhashed = false;  ///< -o adopt: files without any hash get a chain when they are loaded
  /// Told where a chain stands now, durable, its line number in `lines`; any thread. Empty: nobody wants to know.
  std::function<void(Checkpoint)> chain_stands_at = {};
  DocumentCache* cache = nullptr;  ///< -o cache: nullptr, what was loaded stays in memory
  std::string host = {};           ///< named in each record; empty where the files are on this machine alone
};

}  // namespace statusfs
