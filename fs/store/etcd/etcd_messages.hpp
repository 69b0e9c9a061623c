// What etcd is asked and answers, typed (etcd.proto).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace statusfs {

struct EtcdKeyValue {
  std::string key;
  std::string value;
  std::int64_t modified = 0;  ///< revision of the last change
  std::int64_t lease = 0;     ///< that it goes with; 0: none
};

/// Keys from `first` up to `end`, exclusive; an empty `end`: `first` alone.
struct EtcdRange {
  std::string first;
  std::string end = {};
  std::int64_t limit = 0;     ///< at most so many; 0: all
  std::int64_t revision = 0;  ///< as of then; 0: now
  bool keys_only = false;
  bool newest_first = false;  ///< by key
};

struct EtcdRangeResult {
  std::int64_t revision = 0;  ///< of the store when it answered
  bool has_more = false;
  std::vector<EtcdKeyValue> entries;
};

struct EtcdPut {
  std::string key;
  std::string value;
  std::int64_t lease = 0;
};

struct EtcdTransaction {
  struct Compare {
    std::string key;
    std::int64_t modified = 0;  ///< 0: there is no such key
  };
  std::vector<Compare> compare;
  std::vector<EtcdPut> puts;            ///< where all compare as they should
  std::vector<EtcdRange> deletes;       ///< besides
  std::vector<EtcdRange> otherwise;     ///< read where they do not
  std::vector<EtcdPut> otherwise_puts;  ///< besides
};

struct EtcdTransactionResult {
  std::int64_t revision = 0;
  bool succeeded = false;
  std::vector<EtcdRangeResult> reads;  ///< of `otherwise`
};

/// The end of the range of all keys that begin with `prefix`.
std::string end_of_prefix(std::string prefix);

std::string message_of(const EtcdRange& range);
std::string message_of(const EtcdTransaction& transaction);
/// These throw std::runtime_error for what is no answer of etcd.
EtcdRangeResult range_result(std::string_view message);
EtcdTransactionResult transaction_result(std::string_view message);

}  // namespace statusfs
