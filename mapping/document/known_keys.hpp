// The keys of a document that is being read.
#pragma once

#include <bitset>
#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "mapping/document/nesting.hpp"
#include "mapping/document/value.hpp"

namespace statusfs {

/// Gives all objects that have a key one node for it, and tells whether a key stands twice in one object.
class KnownKeys {
 public:
  class Key {
   public:
    explicit Key(Value value) : value_(std::move(value)) {}
    const Value& value() const noexcept { return value_; }
    /// The object at this level (from 1 to maximum_record_nesting, counted from either end), which is still being read,
    /// has the key from now on. False if it had it.
    bool open(std::size_t level) noexcept {
      if (open_at_.test(level - 1)) return false;
      open_at_.set(level - 1);
      return true;
    }
    /// That object has been read.
    void close(std::size_t level) noexcept { open_at_.reset(level - 1); }

   private:
    Value value_;
    std::bitset<maximum_record_nesting> open_at_;
  };

  std::size_t size() const noexcept { return keys_.size(); }

  /// Stays where it is as long as this lives.
  Key& of(std::string_view name) {
    const auto found = keys_.find(name);
    if (found != keys_.end()) return found->second;
    Value value(name);
    const std::string_view text = value.as_string();
    return keys_.emplace(text, Key(std::move(value))).first->second;
  }

 private:
  std::unordered_map<std::string_view, Key> keys_;  // by the text inside their node
};

}  // namespace statusfs
