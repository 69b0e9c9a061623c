// What is handed to the commit thread of a status file.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "fs/engine/reconciliation.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/write_request.hpp"

namespace statusfs {

/// A request to the driver itself, written to the status directory's control file.
struct ControlRequest {
  enum class Command { adopt, rollback, reconcile };
  Command command = Command::adopt;
  std::uint64_t version = 0;                 ///< of rollback
  std::optional<std::string> task;           ///< of rollback: only this one
  Resolution resolution = Resolution::ours;  ///< of reconcile
  std::optional<Side> preferred;             ///< of reconcile by merge
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
  /// Of a write that is accepted although it breaks a rule: as `done`, once for each such rule, before it. May be
  /// empty.
  std::function<void(const RuleWarning&)> warned = {};
};

}  // namespace statusfs
