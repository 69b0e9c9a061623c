#include "fs/engine/idempotency_keys.hpp"

#include "fs/store/timestamp.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

// Where the patch of a record begins (mapping/chain/journal_record.cpp writes it behind what is needed here). Quotes
// within strings are escaped, so no value can look like it.
constexpr std::string_view patch_member = R"(,"patch":)";
constexpr std::string_view key_member = R"(,"idempotency_key":)";
constexpr std::string_view time_member = R"(,"time":")";

std::string id_of(std::uint32_t uid, std::string_view path, std::string_view key) {
  return std::to_string(uid) + '\0' + std::string(path) + '\0' + std::string(key);
}

std::string_view part_before_patch(std::string_view line) { return line.substr(0, line.find(patch_member)); }

IdempotencyKeys::Time time_of(std::string_view record) {
  const std::size_t at = record.find(time_member);
  if (at == std::string_view::npos) return {};
  const std::size_t begin = at + time_member.size();
  return parse_timestamp(record.substr(begin, record.find('"', begin) - begin)).value_or(IdempotencyKeys::Time{});
}

std::string text_of(const Value& record, const char* name) {
  const Value* value = record.find(name);
  return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

}  // namespace

std::optional<std::string> IdempotencyKeys::find(std::uint32_t uid, std::string_view path, std::string_view key) const {
  fill();
  const auto found = entries_.find(id_of(uid, path, key));
  if (found == entries_.end()) return std::nullopt;
  if (std::chrono::system_clock::now() - found->second.time > longest_time) return std::nullopt;
  return found->second.request_hash;
}

void IdempotencyKeys::insert(std::string id, Entry entry) const {
  entry.number = next_number_++;
  order_.emplace_back(entry.number, id);
  entries_.insert_or_assign(std::move(id), std::move(entry));
  while (entries_.size() > most_keys) {
    const auto oldest = entries_.find(order_.front().second);
    if (oldest != entries_.end() && oldest->second.number == order_.front().first) entries_.erase(oldest);
    order_.pop_front();
  }
}

void IdempotencyKeys::add(std::uint32_t uid, std::string_view path, const IdempotencyMark& mark, Time time) {
  std::string id = id_of(uid, path, mark.key);
  unconfirmed_.push_back(id);
  insert(std::move(id), {mark.request_hash, time});
}

void IdempotencyKeys::take_back() {
  for (const std::string& id : unconfirmed_) entries_.erase(id);
  unconfirmed_.clear();
  // They were added last, but for what find() may have read from the journal meanwhile.
  const auto is_remembered = [this](const auto& place) {
    const auto entry = entries_.find(place.second);
    return entry != entries_.end() && entry->second.number == place.first;
  };
  while (!order_.empty() && !is_remembered(order_.back())) order_.pop_back();
}

void IdempotencyKeys::read_again() {
  unconfirmed_.clear();
  is_filled_ = false;
}

// False when neither this record nor any before it is remembered.
bool IdempotencyKeys::take_record(std::string_view line, Time oldest,
                                  std::vector<std::pair<std::string, Entry>>& newest_first) const {
  const std::string_view record = part_before_patch(line);
  const Time time = time_of(record);
  if (time < oldest) return false;
  if (record.find(key_member) == std::string_view::npos) return true;
  const Value members = parse_json(std::string(record) + '}');
  const Value* uid = members.find("uid");
  if (!uid || !uid->is_integer()) return true;
  newest_first.emplace_back(id_of(static_cast<std::uint32_t>(uid->as_integer()), text_of(members, "path"),
                                  text_of(members, "idempotency_key")),
                            Entry{text_of(members, "request_hash"), time});
  return newest_first.size() < most_keys;
}

void IdempotencyKeys::fill() const {
  if (is_filled_) return;
  std::vector<std::pair<std::string, Entry>> newest_first;
  const Time oldest = std::chrono::system_clock::now() - longest_time;
  try {
    store_.visit_records_backwards([&](std::string_view line) { return take_record(line, oldest, newest_first); });
  } catch (const std::exception& error) {
    throw Rejection(Cause::io_failure, std::string("the keys in the journal cannot be read: ") + error.what());
  }
  for (auto entry = newest_first.rbegin(); entry != newest_first.rend(); ++entry) {
    const auto known = entries_.find(entry->first);
    if (known == entries_.end() || known->second.time < entry->second.time)
      insert(std::move(entry->first), std::move(entry->second));
  }
  is_filled_ = true;
}

}  // namespace statusfs
