// What an EtcdStore does with what another program put in the place of a head, a document or a record.
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "fs/store/etcd/etcd_outcome.hpp"
#include "fs/store/etcd/etcd_store.hpp"
#include "fs/store/etcd/foreign_values.hpp"
#include "fs/store/etcd/stored_document.hpp"
#include "fs/store/file_names.hpp"

namespace statusfs {
namespace {

constexpr std::uint32_t nobody = 65534;  // who put a foreign value into etcd is not known

}  // namespace

void EtcdStore::set_foreign(std::string text, bool is_record) {
  foreign_ = Foreign{std::move(text), false, is_record};
  has_foreign_ = true;
}

void EtcdStore::forget_foreign() {
  foreign_.reset();
  has_foreign_ = false;
}

// Another host may have resolved it: it is looked at anew, records, head and document. Where it was this host, which
// did not hear of it, nobody else records the quarantine.
void EtcdStore::doubt_foreign() {
  if (!foreign_) return;
  must_look_ = true;
  if (!foreign_->kept_as.empty()) return;
  if (is_set_aside_by_us())
    foreign_->kept_as = foreign_copy_of(file_name_of(stem_), foreign_->perhaps_kept_as);
  else
    forget_foreign();
}

// The head that was put with the copy says who did it.
bool EtcdStore::is_set_aside_by_us() const try {
  if (foreign_->perhaps_kept_as == 0) return false;
  const std::string number = std::to_string(foreign_->perhaps_kept_as);
  const auto kept = services_.client.range({services_.layout.foreign_values(stem_) + number}).entries;
  if (kept.empty()) return false;
  EtcdRange then{services_.layout.head(stem_)};
  then.revision = kept.front().modified;
  const auto head = services_.client.range(then).entries;
  return !head.empty() && decode_head(head.front().value).host == services_.host;
} catch (const EtcdError& error) {
  if (error.kind() != EtcdError::Kind::compacted) throw;
  return true;  // nobody knows: it is rather recorded twice than not at all
} catch (const std::runtime_error&) {
  return false;  // we would have put a head
}

std::optional<ForeignChange> EtcdStore::foreign_change() {
  if (!foreign_) return std::nullopt;
  return ForeignChange{foreign_->text, nobody, foreign_->kept_as};
}

void EtcdStore::accept_foreign() {
  if (foreign_) foreign_->is_accepted = true;
}

void EtcdStore::withdraw_acceptance() {
  if (foreign_) foreign_->is_accepted = false;
}

StoreResult EtcdStore::write_over_accepted() {
  if (!foreign_ || !foreign_->is_accepted) return {StoreStatus::failed, stem_ + " has accepted nothing"};
  return etcd_outcome([&] { return put_back(std::nullopt); });
}

StoreResult EtcdStore::set_foreign_aside(std::string& kept_as) {
  if (!foreign_) return {StoreStatus::failed, stem_ + " holds no foreign value"};
  if (!foreign_->kept_as.empty()) {
    kept_as = foreign_->kept_as;
    forget_foreign();
    return {};
  }
  foreign_->is_accepted = false;
  return etcd_outcome([&] { return set_aside(kept_as); });
}

StoreResult EtcdStore::set_aside(std::string& kept_as) {
  const std::size_t number = next_foreign_number(services_.client, services_.layout, stem_);
  const EtcdPut kept = keep_foreign_value(services_.client, services_.layout, stem_, number, foreign_->text);
  foreign_->perhaps_kept_as = number;
  const StoreResult result = put_back(kept);
  if (result.status == StoreStatus::done) kept_as = foreign_copy_of(file_name_of(stem_), number);
  return result;
}

// Head and document as they were, and the foreign value beside them where it is to be kept: one transaction, which one
// host makes.
StoreResult EtcdStore::put_back(const std::optional<EtcdPut>& kept) {
  StoredHead head = head_;
  head.host = services_.host;
  EtcdTransaction transaction;
  transaction.compare = {{services_.layout.head(stem_), head_revision_}};
  transaction.puts = store_document(services_.client, services_.layout, stem_, *document_, head);
  // The keys of the document are put again under the same names, where they have them already.
  transaction.puts.push_back({services_.layout.head(stem_), encode_head(head)});
  if (kept) {
    transaction.compare.push_back({kept->key, 0});
    transaction.puts.push_back(*kept);
  }
  transaction.deletes = other_documents(services_.layout, stem_, head);
  if (foreign_->is_record) {
    const std::string records = services_.layout.records(stem_);
    transaction.deletes.push_back({services_.layout.record(stem_, head_.chain.version + 1), end_of_prefix(records)});
  }
  const EtcdTransactionResult result = services_.client.transact(transaction);
  forget_foreign();
  if (!result.succeeded) {
    feed_->touch();
    return {StoreStatus::conflict, "another host was first"};
  }
  head_ = head;
  head_revision_ = result.revision;
  feed_->set_document(services_.layout.document(stem_, head_.document_version, head_.document_id));
  return {};
}

std::string EtcdStore::read_foreign(const std::string& kept_as) {
  const std::string number(number_of_foreign_copy(kept_as));
  return read_foreign_value(services_.client, services_.layout, stem_, number);
}

}  // namespace statusfs
