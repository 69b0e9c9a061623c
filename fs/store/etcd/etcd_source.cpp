#include "fs/store/etcd/etcd_source.hpp"

#include <nlohmann/json.hpp>
#include <random>

#include "fs/store/etcd/etcd_store.hpp"
#include "fs/store/timestamp.hpp"

namespace statusfs {
namespace {

using Kind = KeyLayout::Meaning::Kind;

// What stands below head/ may be anybody's; ours have the names of status files.
bool is_file(const KeyLayout::Meaning& meaning) {
  return meaning.kind == Kind::head && stem_of(file_name_of(meaning.name)).has_value();
}

// Of one mount: several may have the name of one host.
std::string name_in_line(const std::string& host) {
  std::random_device random;
  return host + "-" + std::to_string(random());
}

}  // namespace

EtcdSource::EtcdSource(EtcdSourceOptions options, std::shared_ptr<const Mapping> mapping)
    : options_(std::move(options)),
      mapping_(std::move(mapping)),
      layout_(options_.prefix),
      client_(options_.access),
      presence_(client_, layout_.hosts() + options_.host,
                statusfs::host_text(options_.host, options_.statusfs_version, std::chrono::system_clock::now())),
      monitor_(client_, layout_.counter(),
               {[this](const std::string& reason) { connection_lost(reason); }, [this] { return queue_->find_out(); },
                [this] { connection_returned(); },
                [this](const EtcdRangeResult& answer) {
                  if (answer.entries.empty()) return;
                  const EtcdKeyValue& counter = answer.entries.front();
                  if (queue_) queue_->counter_seen(counter_value(counter.value), counter.modified);
                  if (watch_) watch_->should_have_seen(counter.modified);
                }}) {
  const std::int64_t revision = read_all();
  queue_ = std::make_unique<CommitQueue>(
      client_, monitor_, CommitKeys{layout_.counter(), layout_.waiting() + name_in_line(options_.host)},
      CommitQueue::Events{[this] { return presence_.lease(); },
                          [this](const std::string& name, const std::string& outcome) {
                            if (StatusSourceObserver* told = observer()) told->outcome_found(name, outcome);
                          }});
  monitor_.ask();
  watch_ = std::make_unique<PrefixWatch>(
      client_, layout_.everything(), revision + 1,
      PrefixWatch::Callbacks{[this](const std::vector<EtcdEvent>& events) { changed(events); },
                             [this] {
                               const std::int64_t anew = read_all();
                               all_lost_track();
                               return anew + 1;
                             }});
}

EtcdSource::~EtcdSource() {
  stop_watching();
  queue_.reset();  // it may ask the monitor, which tells the watch
}

// What is known of all files without reading them: which there are, the plans and the hosts. The revision as of which
// it is so.
std::int64_t EtcdSource::read_all() {
  std::set<std::string> stems;
  EtcdRange heads{layout_.heads(), end_of_prefix(layout_.heads())};
  heads.keys_only = true;
  const std::int64_t revision = client_.range_in_pages(heads, [&](EtcdKeyValue& entry) {
    const auto meaning = layout_.meaning_of(entry.key);
    if (is_file(meaning)) stems.insert(meaning.name);
    return true;
  });
  const auto read_named = [&](const std::string& prefix) {
    std::map<std::string, Named> result;
    EtcdRange range{prefix, end_of_prefix(prefix)};
    range.revision = revision;
    range.limit = 20;
    client_.range_in_pages(range, [&](EtcdKeyValue& entry) {
      const std::string name = layout_.meaning_of(entry.key).name;
      if (!name.empty()) result[name] = {std::move(entry.value), entry.modified, entry.lease};
      return true;
    });
    return result;
  };
  auto plans = read_named(layout_.plans());
  auto hosts = read_named(layout_.hosts());
  const std::lock_guard lock(mutex_);
  stems_ = std::move(stems);
  plans_ = std::move(plans);
  hosts_ = std::move(hosts);
  return revision;
}

std::vector<std::string> EtcdSource::list() {
  const std::lock_guard lock(mutex_);
  return {stems_.begin(), stems_.end()};
}

bool EtcdSource::has(const std::string& stem) {
  const std::lock_guard lock(mutex_);
  return stems_.contains(stem);
}

std::shared_ptr<FileFeed> EtcdSource::feed_of(const std::string& stem) {
  const std::lock_guard lock(mutex_);
  const auto found = feeds_.find(stem);
  return found == feeds_.end() ? nullptr : found->second.lock();
}

// Loaded at once: what was never read could not be read while there is no quorum.
OpenedFile EtcdSource::open(const std::string& stem) {
  auto feed = std::make_shared<FileFeed>();
  {
    const std::lock_guard lock(mutex_);
    feeds_[stem] = feed;
  }
  OpenedFile opened;
  opened.store =
      std::make_unique<EtcdStore>(stem, mapping_, EtcdServices{client_, monitor_, *queue_, layout_, options_.host},
                                  std::move(feed), options_.read_only);
  opened.needs_loading = true;
  return opened;
}

PlanReading EtcdSource::read_plan(const std::string& file_name) {
  PlanReading reading;
  reading.path = layout_.plans() + file_name;
  std::int64_t revision = 0;
  const std::lock_guard lock(mutex_);
  if (const auto found = plans_.find(file_name); found != plans_.end()) {
    reading.text = found->second.value;
    revision = found->second.revision;
  }
  reading.is_unchanged = [this, file_name, revision] {
    const std::lock_guard guard(mutex_);
    const auto found = plans_.find(file_name);
    return (found == plans_.end() ? 0 : found->second.revision) == revision;
  };
  return reading;
}

// --- hosts -----------------------------------------------------------------------------------------------------------

std::vector<std::string> EtcdSource::hosts() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, host] : hosts_) names.push_back(name);
  return names;
}

// When it was last seen is not stored: the age of its lease says it.
std::string EtcdSource::host_text(const std::string& name) {
  Named host;
  {
    const std::lock_guard lock(mutex_);
    const auto found = hosts_.find(name);
    if (found == hosts_.end()) return {};
    host = found->second;
  }
  constexpr std::chrono::milliseconds patience{500};
  auto text = nlohmann::ordered_json::parse(host.value, nullptr, false);
  if (!text.is_object()) return host.value + "\n";
  text["last_seen"] = nullptr;
  try {
    const std::int64_t left = monitor_.is_lost() ? -1 : client_.lease_time_left(host.lease, patience);
    const auto age = HostPresence::time_to_live - std::chrono::seconds(left);
    if (left >= 0) text["last_seen"] = format_timestamp(std::chrono::system_clock::now() - age);
  } catch (const std::exception&) {
    return text.dump() + "\n";  // nobody can say now
  }
  return text.dump() + "\n";
}

// --- changes ---------------------------------------------------------------------------------------------------------

void EtcdSource::watch(StatusSourceObserver& observer) {
  {
    const std::lock_guard lock(mutex_);
    observer_ = &observer;
  }
  watch_->start();
  monitor_.start();
  presence_.start();
}

void EtcdSource::stop_watching() {
  {
    const std::lock_guard lock(mutex_);
    if (!observer_) return;
  }
  watch_->stop();
  monitor_.stop();
  presence_.stop();
  const std::lock_guard lock(mutex_);
  observer_ = nullptr;
}

void EtcdSource::changed(const std::vector<EtcdEvent>& events) {
  // Whatever is put in one revision with a record belongs to that mutation.
  std::set<std::pair<std::string, std::int64_t>> mutations;
  for (const EtcdEvent& event : events) {
    const auto meaning = layout_.meaning_of(event.entry.key);
    if (meaning.kind == Kind::record && event.kind == EtcdEvent::Kind::put)
      mutations.emplace(meaning.name, event.entry.modified);
  }
  std::set<std::string> names;  // of files and plans that somebody must look at
  std::map<std::string, FileFeed::News> heard;
  for (const EtcdEvent& event : events) take_event(event, mutations, heard, names);
  for (auto& [name, news] : heard) {
    const auto feed = feed_of(name);
    if (feed && feed->add(std::move(news))) names.insert(file_name_of(name));
  }
  // Not sooner: whoever may write by what these say has to meet what was written before.
  for (const EtcdEvent& event : events) take_turn_event(event);
  StatusSourceObserver* told = observer();
  for (const std::string& name : names)
    if (told) told->name_changed(name);
}

// `heard`: what files are told of all events at once, by name.
void EtcdSource::take_event(const EtcdEvent& event, const std::set<std::pair<std::string, std::int64_t>>& mutations,
                            std::map<std::string, FileFeed::News>& heard, std::set<std::string>& names) {
  const EtcdKeyValue& entry = event.entry;
  const bool is_put = event.kind == EtcdEvent::Kind::put;
  const auto meaning = layout_.meaning_of(entry.key);
  const auto feed = feed_of(meaning.name);
  const bool is_mutation = mutations.contains({meaning.name, entry.modified});
  switch (meaning.kind) {
    case Kind::head: {
      if (!is_file(meaning)) break;
      const std::lock_guard lock(mutex_);
      if (is_put)
        stems_.insert(meaning.name);
      else
        stems_.erase(meaning.name);
      if (feed && is_mutation && is_put) heard[meaning.name].head = entry.value;
      if (feed && !is_mutation) heard[meaning.name].was_touched = true;
      if (!feed || !is_mutation) names.insert(file_name_of(meaning.name));
      break;
    }
    case Kind::record:
      if (!feed || meaning.is_rotation) break;
      if (is_put)
        heard[meaning.name].records.push_back({meaning.version, entry.value, entry.modified});
      else
        heard[meaning.name].was_touched = true;
      break;
    case Kind::document:
      if (!feed || is_mutation || !feed->is_part_of_document(entry.key)) break;
      heard[meaning.name].was_touched = true;
      break;
    case Kind::plan: {
      const std::lock_guard lock(mutex_);
      if (is_put)
        plans_[meaning.name] = {entry.value, entry.modified, entry.lease};
      else
        plans_.erase(meaning.name);
      names.insert(meaning.name);
      break;
    }
    case Kind::host: {
      const std::lock_guard lock(mutex_);
      if (is_put)
        hosts_[meaning.name] = {entry.value, entry.modified, entry.lease};
      else
        hosts_.erase(meaning.name);
      break;
    }
    case Kind::counter:
    case Kind::waiting:  // take_turn_event()
    case Kind::foreign:
    case Kind::unknown:
      break;
  }
}

void EtcdSource::take_turn_event(const EtcdEvent& event) {
  const EtcdKeyValue& entry = event.entry;
  const bool is_put = event.kind == EtcdEvent::Kind::put;
  const auto kind = layout_.meaning_of(entry.key).kind;
  if (kind == Kind::counter && is_put) queue_->counter_seen(counter_value(entry.value), entry.modified);
  if (kind == Kind::waiting) queue_->line_changed(entry.key, entry.modified, is_put);
}

// --- the connection --------------------------------------------------------------------------------------------------

void EtcdSource::connection_lost(const std::string& reason) {
  queue_->connection_lost();
  if (StatusSourceObserver* told = observer()) told->connection_lost(reason);
}

void EtcdSource::connection_returned() {
  watch_->begin_anew();
  all_lost_track();
  if (StatusSourceObserver* told = observer()) told->connection_returned();
}

StatusSourceObserver* EtcdSource::observer() const {
  const std::lock_guard lock(mutex_);
  return observer_;
}

void EtcdSource::all_lost_track() {
  queue_->line_unknown();
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [stem, weak] : feeds_)
      if (const auto feed = weak.lock()) feed->lose_track();
  }
  if (StatusSourceObserver* told = observer()) told->name_changed({});
}

}  // namespace statusfs
