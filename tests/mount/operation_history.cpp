#include "tests/mount/operation_history.hpp"

#include <algorithm>
#include <limits>

namespace statusfs::test {
namespace {

using Span = VersionOrder::Span;

constexpr std::uint64_t no_end = std::numeric_limits<std::uint64_t>::max();

/// An operation with the versions at which it may have taken effect.
struct Placed {
  const Operation* operation;
  Span span;
};

bool is_write(const Operation& operation) {
  return operation.kind == Operation::Kind::write || operation.kind == Operation::Kind::unknown_write;
}

std::string described(const Operation& operation, const std::string& what) {
  const char* kind = is_write(operation) ? "write of " : "read of ";
  return kind +
         (operation.kind == Operation::Kind::read_version ? std::to_string(operation.version)
                                                          : '"' + operation.value + '"') +
         " in " + operation.field + ": " + what;
}

/// Where the operation may have taken effect by its value alone; a problem where it cannot be, nothing where it never
/// did.
std::string place(const Operation& operation, const VersionOrder& order, std::vector<Placed>& placed) {
  if (operation.kind == Operation::Kind::read_version) {
    placed.push_back({&operation, {operation.version, operation.version}});
    return {};
  }
  const auto span = order.span_of(operation.field, operation.value);
  switch (operation.kind) {
    case Operation::Kind::refused_write:
      return span ? described(operation, "was refused, but has a version") : std::string();
    case Operation::Kind::unknown_write:
      if (span) placed.push_back({&operation, {span->first, span->first}});
      return {};
    case Operation::Kind::write:
      if (!span) return described(operation, "was acknowledged, but has no version");
      placed.push_back({&operation, {span->first, span->first}});
      return {};
    default:
      if (!span) return described(operation, "was never durable");
      placed.push_back({&operation, *span});
      return {};
  }
}

/// The latest version that is sure to have taken effect before a moment, by all operations that had ended by then.
class Progress {
 public:
  void end(Operation::Time time, std::uint64_t version) {
    const auto next = by_end_.upper_bound(time);
    const std::uint64_t before = next == by_end_.begin() ? 0 : std::prev(next)->second;
    if (version <= before) return;
    auto position = by_end_.insert_or_assign(time, version).first;
    for (++position; position != by_end_.end() && position->second <= version;) position = by_end_.erase(position);
  }
  std::uint64_t before(Operation::Time time) const {
    const auto next = by_end_.lower_bound(time);
    return next == by_end_.begin() ? 0 : std::prev(next)->second;
  }

 private:
  std::map<Operation::Time, std::uint64_t> by_end_;  // the versions grow with the times
};

}  // namespace

void VersionOrder::add(const std::string& field, std::uint64_t version, const std::string& value) {
  first_[field].emplace(value, version);
  versions_[field].push_back(version);
}

std::optional<Span> VersionOrder::span_of(const std::string& field, const std::string& value) const {
  const auto of_field = first_.find(field);
  if (of_field == first_.end()) return std::nullopt;
  const auto found = of_field->second.find(value);
  if (found == of_field->second.end()) return std::nullopt;
  const std::vector<std::uint64_t>& versions = versions_.at(field);
  const auto next = std::ranges::upper_bound(versions, found->second);
  return Span{found->second, next == versions.end() ? no_end : *next - 1};
}

// Every operation gets the earliest version that those which ended before it began allow. Since a later choice never
// helps an operation that comes after, there is an order if and only if this finds one. Operations of one version: its
// write, then what saw it.
std::string contradiction_in(std::vector<Operation> history, const VersionOrder& order) {
  std::ranges::sort(history, {}, &Operation::begin);
  std::vector<Placed> placed;
  for (const Operation& operation : history)
    if (std::string problem = place(operation, order, placed); !problem.empty()) return problem;
  Progress progress;
  for (const Placed& one : placed) {
    const std::uint64_t before = progress.before(one.operation->begin);
    const std::uint64_t earliest = is_write(*one.operation) ? before + 1 : before;
    if (earliest > one.span.last)
      return described(*one.operation, "version " + std::to_string(one.span.last) + ", but version " +
                                           std::to_string(before) + " had been seen before it began");
    const bool has_end = one.operation->kind != Operation::Kind::unknown_write;
    if (has_end) progress.end(one.operation->end, std::max(earliest, one.span.first));
  }
  return {};
}

}  // namespace statusfs::test
