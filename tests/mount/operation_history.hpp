// A history of what clients did and saw, and whether one order of the file's versions explains it: linearisability of
// the whole file, so of every field, with the versions in the order in which they took effect.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace statusfs::test {

/// One call of one client.
struct Operation {
  enum class Kind {
    write,          ///< acknowledged
    unknown_write,  ///< ended in EIO, ENOTCONN or ECONNABORTED: took effect at any time since its begin, or never
    refused_write,  ///< must never take effect
    read,
    read_version,
  };
  using Time = std::chrono::steady_clock::time_point;

  Kind kind = Kind::read;
  std::string field;
  std::string value;          ///< written or read; every write of a field has its own
  std::uint64_t version = 0;  ///< of read_version
  Time begin, end;
};

/// What the journal says: which version set a field to which value. The first version of each field is its value at the
/// beginning.
class VersionOrder {
 public:
  void add(const std::string& field, std::uint64_t version, const std::string& value);

  /// The versions in which the field has the value: from the first one to the last one, which has no end where it is
  /// the newest.
  struct Span {
    std::uint64_t first = 0, last = 0;
  };
  std::optional<Span> span_of(const std::string& field, const std::string& value) const;

 private:
  std::map<std::string, std::map<std::string, std::uint64_t>> first_;  // field, value
  std::map<std::string, std::vector<std::uint64_t>> versions_;         // field, in order
};

/// Empty where the order explains the history; else the first operation that it does not explain, and why.
std::string contradiction_in(std::vector<Operation> history, const VersionOrder& order);

}  // namespace statusfs::test
