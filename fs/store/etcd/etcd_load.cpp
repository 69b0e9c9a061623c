// How an EtcdStore finds out what it holds.
#include <stdexcept>

#include "fs/store/etcd/chain_link.hpp"
#include "fs/store/etcd/etcd_store.hpp"
#include "fs/store/etcd/stored_document.hpp"
#include "fs/store/timestamp.hpp"
#include "mapping/chain/hashes.hpp"
#include "mapping/chain/replay.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

constexpr std::int64_t records_a_page = 50;

}  // namespace

StoredFile EtcdStore::load() {
  StoredFile stored;
  try {
    feed_->take();  // what it says is read here
    versions_.clear();
    foreign_.reset();
    document_beforehand_.reset();
    must_look_ = false;
    is_chained_ = false;
    read_everything();
  } catch (const EtcdError& error) {
    stored.reason = error.what();
    feed_->lose_track();
    return stored;
  } catch (const std::runtime_error& error) {
    stored.reason = error.what();
    return stored;
  }
  has_foreign_ = foreign_.has_value();
  must_recheck_ = false;
  is_chained_ = true;
  feed_->set_document(services_.layout.document(stem_, head_.document_version, head_.document_id));
  stored.state = StoredFile::State::chained;
  stored.document = document_;
  stored.head = head_.chain;
  stored.modified = parse_timestamp(head_.chain.time).value_or(std::chrono::system_clock::now());
  stored.notices = take_notices();
  return stored;
}

void EtcdStore::read_everything() {
  const EtcdRangeResult answer = services_.client.range({services_.layout.head(stem_)});
  if (answer.entries.empty()) throw std::runtime_error("it was removed from etcd");
  head_revision_ = answer.entries.front().modified;
  std::string found;
  try {
    found = answer.entries.front().value;
    const StoredHead head = decode_head(found);
    std::string text;
    const auto document = read_document(services_.client, services_.layout, stem_, head, answer.revision, text);
    found = text;
    if (!document) throw std::runtime_error("its document is not what its head says");
    return read_from_document(head, answer.revision, *document);
  } catch (const EtcdError&) {
    throw;
  } catch (const std::exception& error) {
    note(stem_ + ": " + error.what() + "; it is rebuilt from its records");
  }
  read_from_records(answer.revision);
  set_foreign(found);
}

void EtcdStore::read_from_document(const StoredHead& head, std::int64_t revision, const std::string& text) {
  auto document = std::make_shared<const StatusDocument>(mapping_, parse_json(text));
  ChainHead at = head.chain;
  at.version = head.document_version;
  at.record_hash = head.document_id;
  at.payload_hash_current = payload_hash(*document);
  const std::string newest = services_.layout.record(stem_, head.chain.version);
  EtcdRange range{services_.layout.record(stem_, at.version + 1), end_of_prefix(services_.layout.records(stem_))};
  range.revision = revision;
  range.limit = records_a_page;
  services_.client.range_in_pages(range, [&](EtcdKeyValue& entry) {
    if (entry.key > newest) {
      const auto meaning = services_.layout.meaning_of(entry.key);
      // A mutation would have put the head, too.
      if (!meaning.is_rotation && meaning.version > head.chain.version) set_foreign(entry.value, true);
      return !foreign_;
    }
    if (services_.layout.meaning_of(entry.key).is_rotation) {
      at.record_hash = decode_record(entry.value).record_hash;
      return true;
    }
    CommitEntry next = next_version(*document, at, entry.value);
    document = std::move(next.document);
    at = std::move(next.head);
    return true;
  });
  if (at.version != head.chain.version || at.record_hash != head.chain.record_hash)
    throw std::runtime_error("its records end at version " + std::to_string(at.version) + ", and its head says " +
                             std::to_string(head.chain.version));
  if (const auto findings = verify_hashes(*document, 1); !findings.empty())
    throw std::runtime_error(findings.front().pointer + ": " + findings.front().message);
  head_ = head;
  document_ = std::move(document);
}

// The head or the document is not ours; the records say what they should be.
void EtcdStore::read_from_records(std::int64_t revision) {
  const std::string all = services_.layout.records(stem_);
  EtcdRange range{all, end_of_prefix(all)};
  range.revision = revision;
  range.limit = records_a_page;
  Replay replay(mapping_, ReplayDepth::chained);
  services_.client.range_in_pages(range, [&](EtcdKeyValue& entry) {
    replay.apply(entry.value);
    return true;
  });
  if (replay.lines() == 0) throw std::runtime_error("there is no record of it");
  head_ = {};
  head_.chain = replay.head();
  document_ = std::make_shared<const StatusDocument>(mapping_, replay.root());
}

}  // namespace statusfs
