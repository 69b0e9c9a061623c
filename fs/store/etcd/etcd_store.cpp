#include "fs/store/etcd/etcd_store.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "fs/store/etcd/chain_link.hpp"
#include "fs/store/etcd/etcd_outcome.hpp"
#include "fs/store/etcd/stored_document.hpp"

namespace statusfs {
namespace {

// etcd takes 128 operations a transaction: the counter, the head and the document need some of them.
constexpr GroupLimit limit{100, 384 * 1024};
constexpr std::int64_t page_of_records = 50;

}  // namespace

EtcdStore::EtcdStore(std::string stem, std::shared_ptr<const Mapping> mapping, EtcdServices services,
                     std::shared_ptr<FileFeed> feed, bool read_only)
    : stem_(std::move(stem)),
      mapping_(std::move(mapping)),
      services_(services),
      feed_(std::move(feed)),
      read_only_(read_only) {}

GroupLimit EtcdStore::group_limit() const { return {std::min(limit.mutations, most_mutations_), limit.bytes}; }

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
  const StoreResult result = etcd_outcome([&] { return take_news(); });
  if (result.status != StoreStatus::done) {
    feed_->lose_track();  // what was taken is asked for again
    return result;
  }
  if (!versions_.empty()) return {StoreStatus::conflict, stem_ + " was changed by another host"};
  if (foreign_ && !foreign_->is_accepted)
    return {StoreStatus::foreign, stem_ + " was changed in etcd by another program"};
  return etcd_outcome([&]() -> StoreResult {
    store_due_document();
    return {};
  });
}

// The watch may be behind what another host was told is done.
StoreResult EtcdStore::look_for_news() {
  feed_->lose_track();
  return prepare();
}

StoreResult EtcdStore::take_news() {
  const FileFeed::News news = feed_->take();
  if (news.is_any()) doubt_foreign();
  must_look_ = must_look_ || news.was_touched;
  bool is_complete = !news.is_incomplete && !must_look_;
  const std::uint64_t known_version = head_.chain.version;
  try {
    for (const FileFeed::Record& record : news.records) take_record(record);
    const auto head = news.head.empty() ? std::nullopt : std::optional(decode_head(news.head));
    // Another host may have stored the document anew, and removed the one that we know.
    if (head) take_head(*head);
    // The revision of the newest record is taken for that of the head: so no record of that revision may be missing.
    if (head_.chain.version != known_version && !(head && head->chain == head_.chain)) is_complete = false;
  } catch (const EtcdError&) {
    throw;
  } catch (const std::runtime_error&) {  // no record, or no head: what stands there is looked at as a whole
    is_complete = false;
  }
  if (!is_complete) fetch_records();
  return must_look_ ? look_at_keys() : StoreResult();
}

// Of the version that we are at; an older one is from before our own last write.
void EtcdStore::take_head(const StoredHead& stored) {
  if (!(stored.chain == head_.chain)) return;
  if (stored.document_id != head_.document_id) document_beforehand_.reset();  // who stored it removed all others
  head_ = stored;
  feed_->set_document(services_.layout.document(stem_, head_.document_version, head_.document_id));
}

void EtcdStore::take_record(const FileFeed::Record& record) {
  if (record.version <= head_.chain.version) return;
  if (record.version > head_.chain.version + 1) return fetch_records();
  CommitEntry next = next_version(*document_, head_.chain, record.line);
  document_ = next.document;
  head_.chain = next.head;
  head_.records_size += record.line.size();
  head_revision_ = record.revision;
  versions_.push_back(std::move(next));
}

// Everything behind our version up to the head, as of one revision.
void EtcdStore::fetch_records() {
  const EtcdRangeResult answer = services_.client.range({services_.layout.head(stem_)});
  std::optional<StoredHead> stored;
  try {
    if (!answer.entries.empty()) stored = decode_head(answer.entries.front().value);
  } catch (const std::runtime_error&) {
    // look_at_keys() says what stands there.
  }
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
  for (const FileFeed::Record& record : records) {
    if (stored && record.version > stored->chain.version)  // no mutation put it: that would have put the head, too
      return set_foreign(record.line, true);
    if (record.version == head_.chain.version + 1) take_record(record);
  }
  if (!stored || !(stored->chain == head_.chain)) {
    must_look_ = true;
    return;
  }
  take_head(*stored);
  head_revision_ = answer.entries.front().modified;
}

// Something was put or deleted that is no mutation: are head and document still what they should be?
StoreResult EtcdStore::look_at_keys() {
  const EtcdRangeResult answer = services_.client.range({services_.layout.head(stem_)});
  if (answer.entries.empty()) return {StoreStatus::gone, stem_ + " was removed from etcd"};
  const std::string& text = answer.entries.front().value;
  std::optional<std::string> found = text;
  try {
    const StoredHead stored = decode_head(text);
    if (stored.chain.version > head_.chain.version) {  // written since
      feed_->lose_track();
      return {StoreStatus::conflict, stem_ + " was changed by another host"};
    }
    if (stored.chain == head_.chain) {
      std::string parts;
      const bool is_ours =
          read_document(services_.client, services_.layout, stem_, stored, answer.revision, parts).has_value();
      found = is_ours ? std::nullopt : std::optional(parts);
      if (is_ours) take_head(stored);
    }
  } catch (const EtcdError&) {
    throw;
  } catch (const std::runtime_error&) {
    // It is no head: foreign.
  }
  head_revision_ = answer.entries.front().modified;
  must_look_ = false;
  if (found) set_foreign(*found);
  return {};
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
  request.mutations = entries.size();
  for (const CommitEntry& entry : entries)
    request.puts.push_back({services_.layout.record(stem_, entry.head.version), entry.record});
  if (foreign_) {
    std::ranges::move(store_document(services_.client, services_.layout, stem_, *entries.back().document, head),
                      std::back_inserter(request.puts));
    request.deletes = other_documents(services_.layout, stem_, head);
  } else if (document_beforehand_) {
    take_document(head);
    request.deletes = other_documents(services_.layout, stem_, head);
  } else if (is_document_due(head)) {
    StoredHead with_document = head;
    std::vector<EtcdPut> parts = document_puts(services_.layout, stem_, *entries.back().document, with_document);
    if (is_document_small(with_document)) {  // a large one is stored before the next mutation
      head = with_document;
      std::ranges::move(parts, std::back_inserter(request.puts));
      request.deletes = {document_of(services_.layout, stem_, head_)};
    }
  }
  request.puts.push_back({request.head_key, encode_head(head)});
  request.record_key = services_.layout.record(stem_, entries.back().head.version);
  request.record = entries.back().record;
  request.record_hash = entries.back().head.record_hash;
  for (const EtcdPut& put : request.puts) request.size += put.key.size() + put.value.size();
  return request;
}

// Before a number is drawn for what names it: others draw theirs meanwhile, and a lost race leaves it what it is.
void EtcdStore::store_due_document() {
  if (read_only_ || document_beforehand_ || !is_document_due(head_)) return;
  if (!services_.monitor.ask()) throw EtcdError(EtcdError::Kind::unavailable, services_.monitor.reason());
  StoredHead head = head_;
  if (!store_document(services_.client, services_.layout, stem_, *document_, head).empty()) return;
  head.records_size = head_.records_size;  // before it
  document_beforehand_ = head;
}

// The head names the document that was stored beforehand, and counts the records since.
void EtcdStore::take_document(StoredHead& head) const {
  head.document_version = document_beforehand_->document_version;
  head.document_id = document_beforehand_->document_id;
  head.document_parts = document_beforehand_->document_parts;
  head.document_sha256 = document_beforehand_->document_sha256;
  head.document_size = document_beforehand_->document_size;
  head.records_size -= document_beforehand_->records_size;
}

StoreResult EtcdStore::commit(std::uint64_t expected_version, std::span<const CommitEntry> entries) {
  if (entries.empty()) return {};
  if (!is_chained_ || read_only_) return {StoreStatus::failed, stem_ + " takes no writes"};
  if (head_.chain.version != expected_version || !versions_.empty())
    return {StoreStatus::conflict, stem_ + " is at version " + std::to_string(head_.chain.version)};
  StoredHead head = head_after(entries);
  CommitOutcome outcome;
  const StoreResult prepared = etcd_outcome([&]() -> StoreResult {
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
  if (outcome.is_too_large) most_mutations_ = entries.size() / 2;
  if (outcome.status != StoreStatus::done) return {outcome.status, outcome.reason};
  most_mutations_ = std::min(limit.mutations, most_mutations_ * 2);
  head_ = head;
  head_revision_ = outcome.revision;
  document_ = entries.back().document;
  document_beforehand_.reset();
  forget_foreign();
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

// --- records ---------------------------------------------------------------------------------------------------------

// Pages upwards, each visited backwards: asked for the newest first, etcd reads all there are for every page.
void EtcdStore::visit_records_backwards(const std::function<bool(std::string_view line)>& visit) {
  constexpr auto page = static_cast<std::uint64_t>(page_of_records);
  for (std::uint64_t newest = head_.chain.version; newest > 0; newest -= std::min(newest, page)) {
    const std::uint64_t oldest = newest > page ? newest - page + 1 : 1;
    const auto answer =
        services_.client.range({services_.layout.record(stem_, oldest), services_.layout.record(stem_, newest + 1)});
    if (answer.entries.empty()) return;  // the chain began later
    for (auto entry = answer.entries.rbegin(); entry != answer.entries.rend(); ++entry)
      if (!visit(entry->value)) return;
  }
}

void EtcdStore::read_records(std::uint64_t after_version, const std::function<bool(std::string_view record)>& visit) {
  const std::string all = services_.layout.records(stem_);
  EtcdRange range{after_version == 0 ? all : services_.layout.record(stem_, after_version + 1), end_of_prefix(all)};
  range.limit = page_of_records;
  services_.client.range_in_pages(range, [&](EtcdKeyValue& entry) { return visit(entry.value); });
}

}  // namespace statusfs
