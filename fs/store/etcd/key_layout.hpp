// The keys below a prefix; README.md describes them and what stands in them byte for byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace statusfs {

/// Keys of one prefix. Immutable.
class KeyLayout {
 public:
  explicit KeyLayout(std::string prefix) : prefix_(std::move(prefix)) {}

  std::string everything() const { return prefix_ + "/"; }
  std::string counter() const { return prefix_ + "/counter"; }
  std::string heads() const { return prefix_ + "/head/"; }
  std::string head(std::string_view stem) const { return heads() + std::string(stem); }
  std::string records(std::string_view stem) const { return prefix_ + "/record/" + std::string(stem) + "/"; }
  std::string record(std::string_view stem, std::uint64_t version, bool is_rotation = false) const;
  std::string documents(std::string_view stem) const { return prefix_ + "/document/" + std::string(stem) + "/"; }
  /// All parts of one document: `id` is the record_hash of its version.
  std::string document(std::string_view stem, std::uint64_t version, std::string_view id) const;
  /// The part of a text whose keys begin with `prefix`.
  std::string part(const std::string& prefix, std::size_t number) const;
  std::string foreign_values(std::string_view stem) const { return prefix_ + "/foreign/" + std::string(stem) + "/"; }
  std::string plans() const { return prefix_ + "/plan/"; }
  std::string hosts() const { return prefix_ + "/host/"; }
  std::string waiting() const { return prefix_ + "/waiting/"; }

  /// What a key is.
  struct Meaning {
    enum class Kind { counter, head, record, document, foreign, plan, host, waiting, unknown };
    Kind kind = Kind::unknown;
    std::string name;           ///< stem, file name of the plan, or host
    std::uint64_t version = 0;  ///< of a record
    bool is_rotation = false;   ///< of a record
  };
  Meaning meaning_of(std::string_view key) const;

 private:
  const std::string prefix_;
};

}  // namespace statusfs
