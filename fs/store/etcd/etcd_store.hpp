// A status file in etcd.
//
// Every mutation is one transaction (CommitQueue) that compares the head's revision; what other hosts write comes in by
// the watch (FileFeed). Thread safety: as fs/store/store.hpp says.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fs/store/etcd/etcd_services.hpp"
#include "fs/store/etcd/file_feed.hpp"
#include "fs/store/etcd/stored_head.hpp"
#include "fs/store/store.hpp"

namespace statusfs {

class EtcdStore final : public Store {
 public:
  EtcdStore(std::string stem, std::shared_ptr<const Mapping> mapping, EtcdServices services,
            std::shared_ptr<FileFeed> feed, bool read_only);

  StoredFile load() override;
  StoreResult prepare() override;
  StoreResult look_for_news() override;
  bool has_news() override { return feed_->has_news(); }
  StoreResult commit(std::uint64_t expected_version, std::span<const CommitEntry> entries) override;
  std::vector<CommitEntry> take_versions() override;
  GroupLimit group_limit() const override;
  std::optional<ForeignChange> foreign_change() override;
  void accept_foreign() override;
  void withdraw_acceptance() override;
  StoreResult write_over_accepted() override;
  StoreResult set_foreign_aside(std::string& kept_as) override;
  StoreResult begin(const CommitEntry& entry) override;
  StoreResult recheck() override;
  void visit_records_backwards(const std::function<bool(std::string_view line)>& visit) override;
  StoreResult settle() override { return {}; }
  bool looks_changed() override;
  std::vector<std::string> take_notices() override;
  void read_records(std::uint64_t after_version, const std::function<bool(std::string_view record)>& visit) override;
  std::string read_foreign(const std::string& kept_as) override;

 private:
  struct Foreign {
    std::string text;
    bool is_accepted = false;
    bool is_record = false;           ///< it stands behind the records that the head knows, and not in the head's place
    std::size_t perhaps_kept_as = 0;  ///< a transaction that sets it aside under this number was sent, and not answered
    std::string kept_as = {};         ///< that went through, as was found out
  };

  // etcd_load.cpp
  void read_everything();
  void read_from_document(const StoredHead& head, std::int64_t revision, const std::string& text);
  void read_from_records(std::int64_t revision);

  // etcd_foreign.cpp
  void set_foreign(std::string text, bool is_record = false);
  void forget_foreign();
  void doubt_foreign();
  bool is_set_aside_by_us() const;
  StoreResult set_aside(std::string& kept_as);
  StoreResult put_back(const std::optional<EtcdPut>& kept);

  StoreResult take_news();
  void take_record(const FileFeed::Record& record);
  void take_head(const StoredHead& stored);
  void fetch_records();
  StoreResult look_at_keys();
  void store_due_document();
  void take_document(StoredHead& head) const;
  StoredHead head_after(std::span<const CommitEntry> entries) const;
  CommitRequest request_of(std::span<const CommitEntry> entries, StoredHead& head);
  void note(std::string notice);

  const std::string stem_;
  const std::shared_ptr<const Mapping> mapping_;
  const EtcdServices services_;
  const std::shared_ptr<FileFeed> feed_;
  const bool read_only_;

  // The commit thread's own.
  StoredHead head_;
  std::int64_t head_revision_ = 0;  // of the head's key
  std::shared_ptr<const StatusDocument> document_;
  bool is_chained_ = false;
  bool must_recheck_ = false;
  std::size_t most_mutations_ = 1024;  // of a group; fewer after one that was too large as a whole
  std::vector<CommitEntry> versions_;  // of other hosts, not taken yet
  std::optional<Foreign> foreign_;
  bool must_look_ = false;  // at the head and the document: they may not be what they should be
  // A document that is too large for the transaction which names it: stored already, and not named yet.
  std::optional<StoredHead> document_beforehand_;

  std::atomic<bool> has_foreign_{false};  // the same, for looks_changed()
  std::mutex mutex_;                      // guards notices_; innermost
  std::vector<std::string> notices_;
};

}  // namespace statusfs
