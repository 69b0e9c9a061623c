#include "fs/store/etcd/watch_messages.hpp"

#include "fs/store/etcd/etcd.pb.h"
#include "fs/store/etcd/protocol_message.hpp"

namespace statusfs {

std::string watch_question(const std::string& prefix, std::int64_t from_revision) {
  protocol::WatchRequest request;
  protocol::WatchCreateRequest& question = *request.mutable_create_request();
  question.set_key(prefix);
  question.set_range_end(end_of_prefix(prefix));
  question.set_start_revision(from_revision);
  return request.SerializeAsString();
}

EtcdWatchNews watch_news(std::string_view message) {
  auto answer = parsed<protocol::WatchResponse>(message);
  EtcdWatchNews news;
  news.is_over = answer.canceled();
  news.are_some_missing = answer.canceled() && answer.compact_revision() != 0;
  news.events.reserve(static_cast<std::size_t>(answer.events_size()));
  for (protocol::Event& event : *answer.mutable_events())
    news.events.push_back({event.type() == protocol::Event::DELETE ? EtcdEvent::Kind::deleted : EtcdEvent::Kind::put,
                           key_value(*event.mutable_kv())});
  return news;
}

}  // namespace statusfs
