#include "fs/store/etcd/etcd_client.hpp"

#include <algorithm>
#include <thread>

#include "fs/store/etcd/base64.hpp"

namespace statusfs {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;
using Milliseconds = EtcdClient::Milliseconds;

constexpr Milliseconds patience_with_one_member{700};  // while others can be asked
constexpr std::int64_t page_size = 200;                // keys

// Codes of gRPC, as the gateway passes them on.
constexpr int code_invalid_argument = 3;
constexpr int code_not_found = 5;
constexpr int code_permission_denied = 7;
constexpr int code_resource_exhausted = 8;
constexpr int code_failed_precondition = 9;
constexpr int code_out_of_range = 11;
constexpr int code_unauthenticated = 16;

// What is no JSON becomes a JSON string, for the message.
Json answer_of(const HttpResponse& response) {
  Json answer = Json::parse(response.body, nullptr, false);
  return answer.is_discarded() ? Json(response.body.substr(0, 200)) : answer;
}

std::string text_of(const Json& answer) {
  if (!answer.is_string()) return {};
  const std::string& text = answer.get_ref<const std::string&>();
  return text.substr(0, text.find_first_of("\r\n"));
}

EtcdError error_of(const Json& answer, long status) {
  const std::string reason = answer.is_object() ? answer.value("error", "HTTP status " + std::to_string(status))
                                                : "HTTP status " + std::to_string(status) + " " + text_of(answer);
  // The HTTP server itself says no, before anything reaches etcd.
  if (!answer.is_object() && status >= 400 && status < 500) return {EtcdError::Kind::refused, reason};
  const int code = answer.is_object() ? answer.value("code", 0) : 0;
  if (reason.find("space exceeded") != std::string::npos) return {EtcdError::Kind::no_space, reason};
  // The last one is gRPC's own, above 2 MiB, with the code that otherwise means that etcd has too much to do.
  for (const char* limit : {"too large", "too many operations", "larger than max"})
    if (reason.find(limit) != std::string::npos) return {EtcdError::Kind::too_large, reason};
  if (reason.find("compacted") != std::string::npos) return {EtcdError::Kind::compacted, reason};
  switch (code) {
    case code_invalid_argument:
    case code_not_found:
    case code_permission_denied:
    case code_failed_precondition:
    case code_out_of_range:
    case code_unauthenticated:
      return {EtcdError::Kind::refused, reason};
    case code_resource_exhausted:
      return {EtcdError::Kind::unavailable, reason};  // too many requests, none was proposed
    default:
      return {EtcdError::Kind::unknown, reason};
  }
}

bool is_stale_token(const Json& answer) {
  return answer.is_object() && (answer.value("code", 0) == code_unauthenticated ||
                                answer.value("error", std::string()).find("invalid auth token") != std::string::npos);
}

Milliseconds left_until(Clock::time_point deadline) {
  return std::max(Milliseconds(1), std::chrono::duration_cast<Milliseconds>(deadline - Clock::now()));
}

}  // namespace

// A connection of the pool, given back at the end.
class EtcdClient::Borrowed {
 public:
  explicit Borrowed(EtcdClient& client) : client_(client) {
    {
      const std::lock_guard lock(client.mutex_);
      if (!client.idle_.empty()) {
        connection_ = std::move(client.idle_.back());
        client.idle_.pop_back();
      }
    }
    if (!connection_) connection_ = std::make_unique<HttpConnection>(client.access_.tls);
  }
  ~Borrowed() {
    const std::lock_guard lock(client_.mutex_);
    client_.idle_.push_back(std::move(connection_));
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  HttpConnection* operator->() const { return connection_.get(); }

 private:
  EtcdClient& client_;
  std::unique_ptr<HttpConnection> connection_;
};

EtcdClient::EtcdClient(EtcdAccess access) : access_(std::move(access)) {}
EtcdClient::~EtcdClient() = default;

std::string EtcdClient::url_of(std::size_t member, std::string_view call) const {
  return (access_.tls.is_used() ? "https://" : "http://") + access_.endpoints[member] + "/v3/" + std::string(call);
}

std::size_t EtcdClient::preferred_member() const {
  const std::lock_guard lock(mutex_);
  return preferred_;
}

void EtcdClient::avoid(std::size_t member) {
  const std::lock_guard lock(mutex_);
  if (preferred_ == member) preferred_ = (member + 1) % access_.endpoints.size();
}

// --- who we are ------------------------------------------------------------------------------------------------------

std::string EtcdClient::token(std::size_t member, Milliseconds time_limit) {
  if (access_.user.empty()) return {};
  {
    const std::lock_guard lock(mutex_);
    if (!token_.empty()) return token_;
  }
  const Json question{{"name", access_.user}, {"password", access_.password}};
  const HttpResponse response =
      Borrowed(*this)->post(url_of(member, "auth/authenticate"), {}, question.dump(), time_limit);
  const Json answer = answer_of(response);
  if (response.status != 200 || !answer.is_object() || !answer.contains("token")) {
    const EtcdError error = error_of(answer, response.status);
    throw EtcdError(error.kind() == EtcdError::Kind::unknown ? EtcdError::Kind::unavailable : error.kind(),
                    "user " + access_.user + ": " + error.what());
  }
  const std::lock_guard lock(mutex_);
  token_ = answer["token"].get<std::string>();
  return token_;
}

void EtcdClient::forget_token(const std::string& stale) {
  const std::lock_guard lock(mutex_);
  if (token_ == stale) token_.clear();
}

// --- calls -----------------------------------------------------------------------------------------------------------

nlohmann::json EtcdClient::call_member(std::size_t member, std::string_view call, const std::string& body,
                                       Milliseconds time_limit) {
  for (bool is_second_try = false;; is_second_try = true) {
    std::string own_token;
    try {
      own_token = token(member, time_limit);
    } catch (const HttpFailure& failure) {
      throw HttpFailure(failure.what(), false);  // of the call itself nothing was sent
    }
    const HttpResponse response = Borrowed(*this)->post(url_of(member, call), own_token, body, time_limit);
    Json answer = answer_of(response);
    if (response.status == 200 && answer.is_object() && !answer.contains("error")) return answer;
    if (is_stale_token(answer) && !own_token.empty() && !is_second_try) {
      forget_token(own_token);
      continue;
    }
    throw error_of(answer, response.status);
  }
}

// Whatever can be asked again: one member after another, until the time is over.
nlohmann::json EtcdClient::read_call(std::string_view call, const nlohmann::json& message, Milliseconds time_limit) {
  const auto deadline = Clock::now() + time_limit;
  const std::string body = message.dump();
  std::string reason;
  for (std::size_t attempt = 0;; ++attempt) {
    const std::size_t member = preferred_member();
    try {
      const bool others_are_left = attempt + 1 < access_.endpoints.size();
      return call_member(
          member, call, body,
          others_are_left ? std::min(left_until(deadline), patience_with_one_member) : left_until(deadline));
    } catch (const HttpFailure& failure) {
      reason = failure.what();
    } catch (const EtcdError& error) {
      const bool can_be_asked_elsewhere =
          error.kind() == EtcdError::Kind::unknown || error.kind() == EtcdError::Kind::unavailable;
      if (!can_be_asked_elsewhere) throw;
      reason = error.what();
    }
    avoid(member);
    const bool all_were_asked = attempt + 1 >= access_.endpoints.size();
    if (Clock::now() >= deadline || (all_were_asked && left_until(deadline) < Milliseconds(100)))
      throw EtcdError(EtcdError::Kind::unavailable, "no quorum of etcd answers: " + reason);
    if (all_were_asked) std::this_thread::sleep_for(Milliseconds(20));
  }
}

// Sent to one member; to another only while none can have got it.
nlohmann::json EtcdClient::call_once(std::string_view call, const std::string& body, Milliseconds time_limit) {
  const auto deadline = Clock::now() + time_limit;
  std::string reason;
  for (std::size_t attempt = 0; attempt < access_.endpoints.size() && Clock::now() < deadline; ++attempt) {
    const std::size_t member = preferred_member();
    try {
      return call_member(member, call, body, left_until(deadline));
    } catch (const EtcdError& error) {
      if (error.kind() == EtcdError::Kind::unknown || error.kind() == EtcdError::Kind::unavailable) avoid(member);
      throw;
    } catch (const HttpFailure& failure) {
      avoid(member);
      if (failure.was_sent) throw EtcdError(EtcdError::Kind::unknown, failure.what());
      reason = failure.what();
    }
  }
  throw EtcdError(EtcdError::Kind::unavailable, "no member of etcd can be reached: " + reason);
}

EtcdRangeResult EtcdClient::range(const EtcdRange& range, Milliseconds time_limit) {
  return range_result(read_call("kv/range", message_of(range), time_limit));
}

std::int64_t EtcdClient::range_in_pages(EtcdRange wanted, const std::function<bool(EtcdKeyValue&)>& visit) {
  if (wanted.limit == 0) wanted.limit = page_size;
  for (;;) {
    EtcdRangeResult page = range(wanted);
    if (wanted.revision == 0) wanted.revision = page.revision;
    for (EtcdKeyValue& entry : page.entries)
      if (!visit(entry)) return wanted.revision;
    if (!page.has_more || page.entries.empty()) return wanted.revision;
    if (wanted.newest_first)
      wanted.end = page.entries.back().key;
    else
      wanted.first = page.entries.back().key + '\0';
  }
}

EtcdTransactionResult EtcdClient::transact(const EtcdTransaction& transaction, Milliseconds time_limit) {
  return transaction_result(call_once("kv/txn", message_of(transaction).dump(), time_limit));
}

std::int64_t EtcdClient::grant_lease(std::chrono::seconds time_to_live, Milliseconds time_limit) {
  return integer_of(read_call("lease/grant", {{"TTL", std::to_string(time_to_live.count())}}, time_limit), "ID");
}

std::int64_t EtcdClient::keep_lease_alive(std::int64_t lease, Milliseconds time_limit) {
  const Json answer = read_call("lease/keepalive", {{"ID", std::to_string(lease)}}, time_limit);
  const auto result = answer.find("result");
  return result == answer.end() ? 0 : integer_of(*result, "TTL");
}

std::int64_t EtcdClient::lease_time_left(std::int64_t lease, Milliseconds time_limit) {
  return integer_of(read_call("lease/timetolive", {{"ID", std::to_string(lease)}}, time_limit), "TTL");
}

void EtcdClient::revoke_lease(std::int64_t lease, Milliseconds time_limit) {
  read_call("lease/revoke", {{"ID", std::to_string(lease)}}, time_limit);
}

void EtcdClient::watch(std::size_t member, const std::string& prefix, std::int64_t from_revision,
                       const std::function<bool(const nlohmann::json& result)>& receive,
                       const std::function<bool()>& goes_on) {
  const Json question{{"create_request",
                       {{"key", to_base64(prefix)},
                        {"range_end", to_base64(end_of_prefix(prefix))},
                        {"start_revision", std::to_string(from_revision)}}}};
  std::string received, own_token;
  std::exception_ptr failure;
  // What is thrown must not pass through libcurl.
  const auto take_lines = [&](std::string_view piece) {
    try {
      const std::size_t searched = received.size();  // a message may come in many pieces
      received += piece;
      std::size_t begin = 0;
      for (std::size_t end = received.find('\n', searched); end != std::string::npos;
           end = received.find('\n', begin)) {
        const Json message = Json::parse(std::string_view(received).substr(begin, end - begin));
        begin = end + 1;
        if (message.contains("error")) throw error_of(message["error"], 0);
        if (message.contains("result") && !receive(message["result"])) return false;
      }
      received.erase(0, begin);
      return true;
    } catch (...) {
      failure = std::current_exception();
      return false;
    }
  };
  try {
    own_token = token(member, default_limit);
    const long status =
        Borrowed(*this)->stream(url_of(member, "watch"), own_token, question.dump(), take_lines, goes_on);
    if (failure) std::rethrow_exception(failure);
    if (status == 401 || status == 403) forget_token(own_token);
  } catch (const HttpFailure& error) {
    throw EtcdError(EtcdError::Kind::unavailable, error.what());
  } catch (const Json::exception& error) {
    throw EtcdError(EtcdError::Kind::unavailable, error.what());
  }
}

}  // namespace statusfs
