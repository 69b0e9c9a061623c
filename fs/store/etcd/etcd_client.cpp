#include "fs/store/etcd/etcd_client.hpp"

#include <algorithm>
#include <thread>

#include "fs/store/etcd/etcd.pb.h"
#include "fs/store/etcd/protocol_message.hpp"

namespace statusfs {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = EtcdClient::Milliseconds;

constexpr Milliseconds patience_with_one_member{700};  // while others can be asked
constexpr std::int64_t page_size = 200;                // keys

EtcdError error_of(const GrpcStatus& status) {
  const std::string& reason = status.message;
  if (reason.find("space exceeded") != std::string::npos) return {EtcdError::Kind::no_space, reason};
  // The last one is gRPC's own, above 2 MiB, with the code that otherwise means that etcd has too much to do.
  for (const char* limit : {"too large", "too many operations", "larger than max"})
    if (reason.find(limit) != std::string::npos) return {EtcdError::Kind::too_large, reason};
  if (reason.find("compacted") != std::string::npos) return {EtcdError::Kind::compacted, reason};
  switch (status.code) {
    case grpc_code::invalid_argument:
    case grpc_code::not_found:
    case grpc_code::permission_denied:
    case grpc_code::failed_precondition:
    case grpc_code::out_of_range:
    case grpc_code::unimplemented:  // it is no etcd
    case grpc_code::unauthenticated:
      return {EtcdError::Kind::refused, reason};
    case grpc_code::resource_exhausted:
      return {EtcdError::Kind::unavailable, reason};  // too many requests, none was proposed
    default:
      return {EtcdError::Kind::unknown, reason};
  }
}

bool is_stale_token(const GrpcStatus& status) {
  return status.code == grpc_code::unauthenticated || status.message.find("invalid auth token") != std::string::npos;
}

// Above 2 MiB gRPC breaks a call off before it is sent as a whole, and libcurl does not pass on why.
std::string size_note(std::size_t bytes) {
  if (bytes <= EtcdClient::always_taken) return {};
  return " (" + std::to_string(bytes) + " bytes; etcd takes 1.5 MiB by default)";
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
    if (!connection_) connection_ = std::make_unique<GrpcConnection>(client.access_.tls);
  }
  ~Borrowed() {
    const std::lock_guard lock(client_.mutex_);
    client_.idle_.push_back(std::move(connection_));
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  GrpcConnection* operator->() const { return connection_.get(); }

 private:
  EtcdClient& client_;
  std::unique_ptr<GrpcConnection> connection_;
};

EtcdClient::EtcdClient(EtcdAccess access) : access_(std::move(access)) {}
EtcdClient::~EtcdClient() = default;

std::string EtcdClient::url_of(std::size_t member, std::string_view method) const {
  return (access_.tls.is_used() ? "https://" : "http://") + access_.endpoints[member] + "/etcdserverpb." +
         std::string(method);
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
  protocol::AuthenticateRequest question;
  question.set_name(access_.user);
  question.set_password(access_.password);
  const GrpcAnswer answer =
      Borrowed(*this)->call(url_of(member, "Auth/Authenticate"), {}, question.SerializeAsString(), time_limit);
  if (answer.status.code != grpc_code::well) {
    const EtcdError error = error_of(answer.status);
    throw EtcdError(error.kind() == EtcdError::Kind::unknown ? EtcdError::Kind::unavailable : error.kind(),
                    "user " + access_.user + ": " + error.what());
  }
  const std::lock_guard lock(mutex_);
  token_ = parsed<protocol::AuthenticateResponse>(answer.message).token();
  return token_;
}

void EtcdClient::forget_token(const std::string& stale) {
  const std::lock_guard lock(mutex_);
  if (token_ == stale) token_.clear();
}

// --- calls -----------------------------------------------------------------------------------------------------------

std::string EtcdClient::call_member(std::size_t member, std::string_view method, const std::string& message,
                                    Milliseconds time_limit) {
  for (bool is_second_try = false;; is_second_try = true) {
    std::string own_token;
    try {
      own_token = token(member, time_limit);
    } catch (const GrpcFailure& failure) {
      throw GrpcFailure(failure.what(), false);  // of the call itself nothing was sent
    }
    GrpcAnswer answer = Borrowed(*this)->call(url_of(member, method), own_token, message, time_limit);
    if (answer.status.code == grpc_code::well) return std::move(answer.message);
    if (is_second_try || own_token.empty() || !is_stale_token(answer.status)) throw error_of(answer.status);
    forget_token(own_token);
  }
}

// Whatever can be asked again: one member after another, until the time is over.
std::string EtcdClient::read_call(std::string_view method, const std::string& message, Milliseconds time_limit) {
  const auto deadline = Clock::now() + time_limit;
  std::string reason;
  for (std::size_t attempt = 0;; ++attempt) {
    const std::size_t member = preferred_member();
    try {
      const bool others_are_left = attempt + 1 < access_.endpoints.size();
      return call_member(
          member, method, message,
          others_are_left ? std::min(left_until(deadline), patience_with_one_member) : left_until(deadline));
    } catch (const GrpcFailure& failure) {
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
std::string EtcdClient::call_once(std::string_view method, const std::string& message, Milliseconds time_limit) {
  const auto deadline = Clock::now() + time_limit;
  std::string reason;
  for (std::size_t attempt = 0; attempt < access_.endpoints.size() && Clock::now() < deadline; ++attempt) {
    const std::size_t member = preferred_member();
    try {
      return call_member(member, method, message, left_until(deadline));
    } catch (const EtcdError& error) {
      if (error.kind() == EtcdError::Kind::unknown || error.kind() == EtcdError::Kind::unavailable) avoid(member);
      throw;
    } catch (const GrpcFailure& failure) {
      avoid(member);
      reason = failure.what() + size_note(message.size());
      const bool is_large = message.size() > always_taken;
      if (failure.was_sent) throw EtcdError(EtcdError::Kind::unknown, reason, is_large);
    }
  }
  throw EtcdError(EtcdError::Kind::unavailable, "no member of etcd can be reached: " + reason);
}

EtcdRangeResult EtcdClient::range(const EtcdRange& range, Milliseconds time_limit) {
  return range_result(read_call("KV/Range", message_of(range), time_limit));
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
  return transaction_result(call_once("KV/Txn", message_of(transaction), time_limit));
}

std::int64_t EtcdClient::grant_lease(std::chrono::seconds time_to_live, Milliseconds time_limit) {
  protocol::LeaseGrantRequest question;
  question.set_ttl(time_to_live.count());
  return parsed<protocol::LeaseResponse>(read_call("Lease/LeaseGrant", question.SerializeAsString(), time_limit)).id();
}

std::string EtcdClient::ask_of_lease(std::string_view method, std::int64_t lease, Milliseconds time_limit) {
  protocol::LeaseRequest question;
  question.set_id(lease);
  return read_call(method, question.SerializeAsString(), time_limit);
}

std::int64_t EtcdClient::keep_lease_alive(std::int64_t lease, Milliseconds time_limit) {
  return parsed<protocol::LeaseResponse>(ask_of_lease("Lease/LeaseKeepAlive", lease, time_limit)).ttl();
}

std::int64_t EtcdClient::lease_time_left(std::int64_t lease, Milliseconds time_limit) {
  return parsed<protocol::LeaseResponse>(ask_of_lease("Lease/LeaseTimeToLive", lease, time_limit)).ttl();
}

void EtcdClient::revoke_lease(std::int64_t lease, Milliseconds time_limit) {
  ask_of_lease("Lease/LeaseRevoke", lease, time_limit);
}

void EtcdClient::watch(std::size_t member, const std::string& prefix, std::int64_t from_revision,
                       const std::function<bool(const EtcdWatchNews& news)>& receive,
                       const std::function<bool()>& goes_on) {
  try {
    const std::string own_token = token(member, default_limit);
    const GrpcStatus end = Borrowed(*this)->stream(
        url_of(member, "Watch/Watch"), own_token, watch_question(prefix, from_revision),
        [&](std::string_view message) { return receive(watch_news(message)); }, goes_on);
    if (is_stale_token(end)) forget_token(own_token);
    if (end.code != grpc_code::well) throw error_of(end);
  } catch (const GrpcFailure& failure) {
    throw EtcdError(EtcdError::Kind::unavailable, failure.what());
  }
}

}  // namespace statusfs
