// What is handed to the commit thread of a status file.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "mapping/rejection.hpp"
#include "mapping/rules/write_request.hpp"

namespace statusfs {

/// A request to the driver itself, written to the status directory's control file.
struct ControlRequest {
  enum class Command { adopt };
  Command command = Command::adopt;
};

/// Look whether another program changed the file.
struct CheckRequest {};

/// Nothing: its answer says that all jobs before it were answered.
struct Barrier {};

struct Job {
  std::variant<WriteRequest, ControlRequest, CheckRequest, Barrier> request;
  Author author;
  /// Called exactly once, from the commit thread, with no lock held: nothing, when the request was carried out and is
  /// durable, or why it was refused. Must not throw.
  std::function<void(const std::optional<Rejection>&)> done;
  /// Of a write that is accepted although it breaks a rule: as `done`, once for each such rule, before it. May be empty.
  std::function<void(const RuleWarning&)> warned = {};
};

}  // namespace statusfs
