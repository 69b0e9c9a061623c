#include "fs/store/etcd/etcd_store.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "fs/store/etcd/chain_link.hpp"
#include "fs/store/etcd/stored_document.hpp"

namespace statusfs {
namespace {

// etcd takes 128 operations a transaction: the counter, the head and the document need some of them.
constexpr GroupLimit limit{100, 384 * 1024};
constexpr std::int64_t page_of_records = 50;
constexpr std::uint32_t nobody = 65534;  // who put a foreign value into etcd is not known
constexpr std::string_view foreign_infix = ".txt.foreign-";

StoreResult outcome_of(const EtcdError& error) {
  switch (error.kind()) {
    case EtcdError::Kind::no_space:
      return {StoreStatus::no_space, error.what()};
    case EtcdError::Kind::too_large:
      return {StoreStatus::too_large, error.what()};
    case EtcdError::Kind::refused:
      return {StoreStatus::refused, std::string("etcd: ") + error.what()};
    case EtcdError::Kind::unavailable:
    case EtcdError::Kind::unknown:
    case EtcdError::Kind::compacted:
      break;
  }
  return {StoreStatus::lost, error.what()};
}

template <typename Work>
StoreResult guarded(Work work) try {
  return work();
} catch (const EtcdError& error) {
  return outcome_of(error);
} catch (const std::exception& error) {
  return {StoreStatus::failed, error.what()};
}

}  // namespace

EtcdStore::EtcdStore(std::string stem, std::shared_ptr<const Mapping> mapping, EtcdServices services,
                     std::shared_ptr<FileFeed> feed, bool read_only)
    : stem_(std::move(stem)),
      mapping_(std::move(mapping)),
      services_(services),
      feed_(std::move(feed)),
      read_only_(read_only) {}

GroupLimit EtcdStore::group_limit() const { return limit; }

bool EtcdStore::looks_changed() { return has_foreign_ || feed_->has_news(); }

void EtcdStore::note(std::string notice) {
  const std::lock_guard lock(mutex_);
  notices_.push_back(std::move(notice));
}

std::vector<std::string> EtcdStore::take_notices() {
  const std::lock_guard lock(mutex_);
  return std::exchange(notices_, {});
}

// --- what other hosts wrote ------------------------------------------------------------------------------------------

StoreResult EtcdStore::prepare() {
  if (!is_chained_) return {StoreStatus::failed, stem_ + " is not loaded"};
  if (services_.monitor.is_lost()) return {StoreStatus::lost, services_.monitor.reason()};
  if (must_recheck_) return {StoreStatus::failed, stem_ + " must be read again first"};
  const StoreResult result = guarded([&] { return take_news(); });
  if (result.status == StoreStatus::lost) feed_->lose_track();  // what was taken is asked for again
  if (result.status != StoreStatus::done) return result;
  if (!versions_.empty()) return {StoreStatus::conflict, stem_ + " was changed by another host"};
  if (foreign_ && !foreign_->is_accepted)
    return {StoreStatus::foreign, stem_ + " was changed in etcd by another program"};
  return {};
}

// The watch may be behind what another host was told is done.
StoreResult EtcdStore::look_for_news() {
  feed_->lose_track();
  return prepare();
}

StoreResult EtcdStore::take_news() {
  const FileFeed::News news = feed_->take();
  take_records(news.records);
  if (news.is_incomplete || news.was_touched) fetch_records();
  if (news.was_touched) look_at_keys();
  return {};
}

void EtcdStore::take_records(const std::vector<FileFeed::Record>& records) {
  for (const FileFeed::Record& record : records) {
    if (record.version <= head_.chain.version) continue;
    if (record.version > head_.chain.version + 1) {
      fetch_records();
      continue;
    }
    CommitEntry next = next_version(*document_, head_.chain, record.line);
    document_ = next.document;
    head_.chain = next.head;
    head_.records_size += record.line.size();
    head_revision_ = record.revision;
    versions_.push_back(std::move(next));
  }
}

// Everything behind our version, and the head as it is now.
void EtcdStore::fetch_records() {
  const EtcdRangeResult answer = services_.client.range({services_.layout.head(stem_)});
  const std::string all = services_.layout.records(stem_);
  EtcdRange range{services_.layout.record(stem_, head_.chain.version + 1), end_of_prefix(all)};
  range.revision = answer.revision;
  range.limit = page_of_records;
  std::vector<FileFeed::Record> records;
  services_.client.range_in_pages(range, [&](EtcdKeyValue& entry) {
    const auto meaning = services_.layout.meaning_of(entry.key);
    if (meaning.kind == KeyLayout::Meaning::Kind::record && !meaning.is_rotation)
      records.push_back({meaning.version, std::move(entry.value), entry.modified});
    return true;
  });
  for (const FileFeed::Record& record : records)
    if (record.version == head_.chain.version + 1) take_records({record});
  if (answer.entries.empty()) return;
  head_revision_ = answer.entries.front().modified;
  try {
    const StoredHead stored = decode_head(answer.entries.front().value);
    if (stored.chain == head_.chain) head_ = stored;
  } catch (const std::runtime_error&) {
    feed_->touch();
  }
  feed_->set_document(services_.layout.document(stem_, head_.document_version, head_.document_id));
}

// Something was put or deleted that is no mutation: are head and document still what they should be?
void EtcdStore::look_at_keys() {
  const EtcdRangeResult answer = services_.client.range({services_.layout.head(stem_)});
  head_revision_ = answer.entries.empty() ? 0 : answer.entries.front().modified;
  if (answer.entries.empty()) return set_foreign({});
  const std::string& text = answer.entries.front().value;
  try {
    const StoredHead stored = decode_head(text);
    if (stored.chain.version > head_.chain.version) return feed_->lose_track();  // written since
    if (!(stored.chain == head_.chain)) return set_foreign(text);
    std::string found;
    if (!read_document(services_.client, services_.layout, stem_, stored, answer.revision, found))
      return set_foreign(found);
    head_ = stored;
    feed_->set_document(services_.layout.document(stem_, head_.document_version, head_.document_id));
  } catch (const EtcdError&) {
    throw;
  } catch (const std::runtime_error&) {
    set_foreign(text);
  }
}

std::vector<CommitEntry> EtcdStore::take_versions() { return std::exchange(versions_, {}); }

// --- writing ---------------------------------------------------------------------------------------------------------

StoredHead EtcdStore::head_after(std::span<const CommitEntry> entries) const {
  StoredHead head = head_;
  head.chain = entries.back().head;
  head.host = services_.host;
  for (const CommitEntry& entry : entries) head.records_size += entry.record.size();
  return head;
}

CommitRequest EtcdStore::request_of(std::span<const CommitEntry> entries, StoredHead& head) {
  CommitRequest request;
  request.name = stem_;
  request.head_key = services_.layout.head(stem_);
  request.head_revision = head_revision_;
  request.first_g = entries.front().head.g;
  request.last_g = entries.back().head.g;
  for (const CommitEntry& entry : entries)
    request.puts.push_back({services_.layout.record(stem_, entry.head.version), entry.record});
  if (foreign_ || is_document_due(head)) {
    std::vector<EtcdPut> parts =
        store_document(services_.client, services_.layout, stem_, *entries.back().document, head);
    const bool was_put_beforehand = parts.empty();
    if (was_put_beforehand || foreign_)
      request.deletes = other_documents(services_.layout, stem_, head);
    else
      request.deletes = {document_of(services_.layout, stem_, head_)};
    std::ranges::move(parts, std::back_inserter(request.puts));
  }
  request.puts.push_back({request.head_key, encode_head(head)});
  request.record_key = services_.layout.record(stem_, entries.back().head.version);
  request.record = entries.back().record;
  request.record_hash = entries.back().head.record_hash;
  for (const EtcdPut& put : request.puts) request.size += put.key.size() + put.value.size();
  return request;
}

StoreResult EtcdStore::commit(std::uint64_t expected_version, std::span<const CommitEntry> entries) {
  if (entries.empty()) return {};
  if (!is_chained_ || read_only_) return {StoreStatus::failed, stem_ + " takes no writes"};
  if (head_.chain.version != expected_version || !versions_.empty())
    return {StoreStatus::conflict, stem_ + " is at version " + std::to_string(head_.chain.version)};
  StoredHead head = head_after(entries);
  CommitOutcome outcome;
  const StoreResult prepared = guarded([&]() -> StoreResult {
    CommitRequest request = request_of(entries, head);
    for (const CommitEntry& entry : entries) feed_->expect(entry.record);
    outcome = services_.queue.commit(std::move(request));
    return {};
  });
  if (prepared.status != StoreStatus::done) return prepared;
  if (outcome.status != StoreStatus::done)
    for (const CommitEntry& entry : entries) feed_->expect_no_more(entry.record);
  if (outcome.status == StoreStatus::failed) must_recheck_ = true;
  if (outcome.head_moved) feed_->lose_track();
  if (outcome.status != StoreStatus::done) return {outcome.status, outcome.reason};
  head_ = head;
  head_revision_ = outcome.revision;
  document_ = entries.back().document;
  foreign_.reset();
  has_foreign_ = false;
  feed_->set_document(services_.layout.document(stem_, head_.document_version, head_.document_id));
  return {};
}

StoreResult EtcdStore::begin(const CommitEntry&) {
  return {StoreStatus::failed, "status files come into etcd by statusfs import"};
}

StoreResult EtcdStore::recheck() {
  if (services_.monitor.is_lost()) return {StoreStatus::lost, services_.monitor.reason()};
  must_recheck_ = false;
  feed_->lose_track();
  return {};
}

// --- foreign values --------------------------------------------------------------------------------------------------

void EtcdStore::set_foreign(std::string text) {
  foreign_ = Foreign{std::move(text), false};
  has_foreign_ = true;
}

std::optional<ForeignChange> EtcdStore::foreign_change() {
  if (!foreign_) return std::nullopt;
  return ForeignChange{foreign_->text, nobody, {}};
}

void EtcdStore::accept_foreign() {
  if (foreign_) foreign_->is_accepted = true;
}

void EtcdStore::withdraw_acceptance() {
  if (foreign_) foreign_->is_accepted = false;
}

// Head and document are put back as they were, and the foreign value stands beside: one transaction, which one host
// makes.
StoreResult EtcdStore::set_foreign_aside(std::string& kept_as) {
  if (!foreign_) return {StoreStatus::failed, stem_ + " holds no foreign value"};
  foreign_->is_accepted = false;
  return guarded([&]() -> StoreResult {
    const std::string all = services_.layout.foreign_values(stem_);
    EtcdRange range{all, end_of_prefix(all)};
    range.keys_only = true;
    const std::size_t number = services_.client.range(range).entries.size() + 1;
    StoredHead head = head_;
    head.host = services_.host;
    EtcdTransaction transaction;
    transaction.compare = {{services_.layout.head(stem_), head_revision_}, {all + std::to_string(number), 0}};
    transaction.puts = store_document(services_.client, services_.layout, stem_, *document_, head);
    // The keys of the document are put again under the same names, where they have them already.
    transaction.puts.push_back({services_.layout.head(stem_), encode_head(head)});
    transaction.puts.push_back({all + std::to_string(number), foreign_->text});
    transaction.deletes = other_documents(services_.layout, stem_, head);
    const EtcdTransactionResult result = services_.client.transact(transaction);
    foreign_.reset();
    has_foreign_ = false;
    if (!result.succeeded) {
      feed_->touch();
      return {StoreStatus::conflict, "another host was first"};
    }
    head_ = head;
    head_revision_ = result.revision;
    feed_->set_document(services_.layout.document(stem_, head_.document_version, head_.document_id));
    kept_as = stem_ + std::string(foreign_infix) + std::to_string(number);
    return {};
  });
}

std::string EtcdStore::read_foreign(const std::string& kept_as) {
  const std::size_t infix = kept_as.rfind(foreign_infix);
  const std::string number = infix == std::string::npos ? kept_as : kept_as.substr(infix + foreign_infix.size());
  const auto answer = services_.client.range({services_.layout.foreign_values(stem_) + number});
  if (answer.entries.empty()) throw std::runtime_error(kept_as + " is not in etcd");
  return answer.entries.front().value;
}

// --- records ---------------------------------------------------------------------------------------------------------

void EtcdStore::visit_records_backwards(const std::function<bool(std::string_view line)>& visit) {
  const std::string all = services_.layout.records(stem_);
  EtcdRange range{all, end_of_prefix(all)};
  range.limit = page_of_records;
  range.newest_first = true;
  services_.client.range_in_pages(range, [&](EtcdKeyValue& entry) { return visit(entry.value); });
}

void EtcdStore::read_records(std::uint64_t after_version, const std::function<bool(std::string_view record)>& visit) {
  const std::string all = services_.layout.records(stem_);
  EtcdRange range{after_version == 0 ? all : services_.layout.record(stem_, after_version + 1), end_of_prefix(all)};
  range.limit = page_of_records;
  services_.client.range_in_pages(range, [&](EtcdKeyValue& entry) { return visit(entry.value); });
}

}  // namespace statusfs
