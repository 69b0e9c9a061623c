// Why a request was refused: a closed set of causes and a sentence for people.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace statusfs {

/// Every cause for which statusfs refuses something, in the order of precedence: where several apply,
/// the first one is reported. fs/fuse/error_number.cpp turns a cause into an errno in one switch.
enum class Cause {
  read_only,      ///< the file takes no writes now: mounted ro, frozen, quarantined, no chain, unknown schema
  access_denied,  ///< this writer may not write this field
  not_permitted,  ///< read-only field, locked, append-only, or a name that cannot be made, moved or removed
  stale,          ///< compare-and-swap failed: read again and retry
  invalid,        ///< not of the type, enum or range; malformed JSON; broken rule
  too_large,      ///< larger than the limit of the field
  name_too_long,  ///< a name of more than 255 bytes
  exists,         ///< the name is taken
  not_found,      ///< no such name
  busy,           ///< another program holds the lock of the status file
  no_space,       ///< the disk is full; nothing was kept
  quota,          ///< the user's disk quota is used up; nothing was kept
  io_failure,     ///< the disk failed; the outcome is unknown
};

/// Thrown wherever a request is refused; nothing has been changed by then.
/// what() says what was wrong and what would be accepted, without a trailing full stop or newline.
class Rejection : public std::runtime_error {
 public:
  Rejection(Cause cause, const std::string& message, std::string rule = {})
      : std::runtime_error(message), cause_(cause), rule_(std::move(rule)) {}
  Cause cause() const noexcept { return cause_; }
  /// The rule of the mapping that was broken, or "access" or "lock"; empty where the request is refused for what it is.
  const std::string& rule() const noexcept { return rule_; }

 private:
  Cause cause_;
  std::string rule_;
};

}  // namespace statusfs
