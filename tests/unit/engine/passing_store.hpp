// A store that passes every call on to another, so that tests override what they want to see or to fail.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fs/store/store.hpp"

namespace statusfs {

class PassingStore : public Store {
 public:
  explicit PassingStore(Store& inner) : inner_(inner) {}

  StoredFile load() override { return inner_.load(); }
  void tell_trouble_to(Trouble told) override { inner_.tell_trouble_to(std::move(told)); }
  bool forget_document() override { return inner_.forget_document(); }
  void let_go() override { inner_.let_go(); }
  StoreResult prepare() override { return inner_.prepare(); }
  StoreResult look_for_news() override { return inner_.look_for_news(); }
  bool has_news() override { return inner_.has_news(); }
  StoreResult commit(std::uint64_t expected_version, std::span<const CommitEntry> entries) override {
    return inner_.commit(expected_version, entries);
  }
  std::vector<CommitEntry> take_versions() override { return inner_.take_versions(); }
  GroupLimit group_limit() const override { return inner_.group_limit(); }
  std::optional<ForeignChange> foreign_change() override { return inner_.foreign_change(); }
  void accept_foreign() override { inner_.accept_foreign(); }
  StoreResult write_over_accepted() override { return inner_.write_over_accepted(); }
  void withdraw_acceptance() override { inner_.withdraw_acceptance(); }
  StoreResult set_foreign_aside(std::string& kept_as) override { return inner_.set_foreign_aside(kept_as); }
  StoreResult begin(const CommitEntry& entry) override { return inner_.begin(entry); }
  StoreResult recheck() override { return inner_.recheck(); }
  void visit_records_backwards(const std::function<bool(std::string_view line)>& visit) override {
    inner_.visit_records_backwards(visit);
  }
  StoreResult settle() override { return inner_.settle(); }
  bool looks_changed() override { return inner_.looks_changed(); }
  std::vector<std::string> take_notices() override { return inner_.take_notices(); }
  std::uint64_t record_count() override { return inner_.record_count(); }
  std::uint64_t first_version() override { return inner_.first_version(); }
  void read_records(std::uint64_t after_version, const std::function<bool(std::string_view record)>& visit) override {
    inner_.read_records(after_version, visit);
  }
  void read_records_from_whole(std::uint64_t version,
                               const std::function<bool(std::string_view record)>& visit) override {
    inner_.read_records_from_whole(version, visit);
  }
  std::string read_foreign(const std::string& kept_as) override { return inner_.read_foreign(kept_as); }

 private:
  Store& inner_;
};

}  // namespace statusfs
