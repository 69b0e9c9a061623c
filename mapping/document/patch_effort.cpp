#include "mapping/document/patch_effort.hpp"

#include <string>
#include <unordered_map>

namespace statusfs {
namespace {

using Kind = PatchOperation::Kind;

bool puts(const PatchOperation& operation) noexcept {
  return operation.kind == Kind::add || operation.kind == Kind::copy || operation.kind == Kind::move;
}

bool has_source(const PatchOperation& operation) noexcept {
  return operation.kind == Kind::copy || operation.kind == Kind::move;
}

class Estimate {
 public:
  explicit Estimate(const Value& document) : document_(document) {}

  const PatchEffort& effort() const noexcept { return effort_; }

  void count(const PatchOperation& operation) {
    const Value* around = walk(operation.path);
    if (puts(operation) && !operation.path.is_root()) count_put(around, operation.path);
    if (!has_source(operation)) return;
    const Value* source = walk(operation.from);
    // Not of removals, of which those that stand together are carried out at once.
    if (operation.kind == Kind::move && source && source->is_array()) effort_.moved_elements += source->size();
  }

 private:
  // What the last token is looked up in; nullptr where that is not there yet.
  const Value* walk(const Pointer& path) {
    const Value* at = &document_;
    const Value* around = nullptr;
    for (const std::string& token : path.tokens()) {
      if (!at) return nullptr;
      if (at->is_object()) effort_.searched_members += at->size();
      around = at;
      at = find_child(*at, token);
    }
    return around;
  }

  void count_put(const Value* around, const Pointer& path) {
    if (around && around->is_array()) {
      if (path.last() != "-") effort_.moved_elements += around->size() + added_elements_++;
    } else if (!around || !around->find(path.last())) {
      effort_.searched_members += added_members_[path.parent().text()]++;
    }
  }

  const Value& document_;
  PatchEffort effort_;
  std::uint64_t added_elements_ = 0;
  std::unordered_map<std::string, std::uint64_t> added_members_;  // by object
};

}  // namespace

PatchEffort patch_effort(const Value& document, const std::vector<PatchOperation>& operations,
                         const PatchEffort& most) {
  Estimate estimate(document);
  for (const PatchOperation& operation : operations) {
    estimate.count(operation);
    if (!estimate.effort().is_within(most)) break;
  }
  return estimate.effort();
}

}  // namespace statusfs
