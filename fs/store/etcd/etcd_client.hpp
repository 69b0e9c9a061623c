// Calls to an etcd cluster, to whichever member answers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "fs/store/etcd/etcd_messages.hpp"
#include "fs/store/etcd/grpc_connection.hpp"
#include "fs/store/etcd/watch_messages.hpp"

namespace statusfs {

/// How a cluster is reached. The password is never written anywhere.
struct EtcdAccess {
  std::vector<std::string> endpoints;  ///< HOST:PORT
  TlsFiles tls;
  std::string user;
  std::string password;
};

/// A request that came to nothing, and what is known of it.
class EtcdError : public std::runtime_error {
 public:
  enum class Kind {
    refused,      ///< etcd says no (permissions, a malformed request): nothing was done
    too_large,    ///< beyond etcd's limit of a request: nothing was done
    no_space,     ///< the cluster's quota is used up: a transaction was not applied, or was, and took the last of it
    unavailable,  ///< no member took the request: nothing was done
    unknown,      ///< it was sent and no answer came: it may have been done, or be done yet
    compacted,    ///< the revision asked for is gone
  };
  EtcdError(Kind kind, const std::string& reason, bool may_be_too_large = false)
      : std::runtime_error(reason), kind_(kind), may_be_too_large_(may_be_too_large) {}
  Kind kind() const noexcept { return kind_; }
  /// Beyond etcd's default limit, and far beyond it nobody says so: the request is broken off.
  bool may_be_too_large() const noexcept { return kind_ == Kind::too_large || may_be_too_large_; }

 private:
  Kind kind_;
  bool may_be_too_large_;
};

/// Thread safety: any thread.
class EtcdClient {
 public:
  using Milliseconds = std::chrono::milliseconds;

  explicit EtcdClient(EtcdAccess access);
  ~EtcdClient();

  /// Linearizable: a quorum stood behind the answer, and it has everything that was acknowledged before. Asks one
  /// member after another. Throws EtcdError.
  EtcdRangeResult range(const EtcdRange& range, Milliseconds time_limit = default_limit);
  /// All of it, page by page, as of one revision. Calls `visit` until it returns false. Throws EtcdError.
  std::int64_t range_in_pages(EtcdRange range, const std::function<bool(EtcdKeyValue&)>& visit);
  /// Sent once: after `unknown` it is the caller's to find out.
  EtcdTransactionResult transact(const EtcdTransaction& transaction, Milliseconds time_limit = default_limit);

  std::int64_t grant_lease(std::chrono::seconds time_to_live, Milliseconds time_limit = default_limit);
  /// The seconds that the lease lives on; 0 where it is gone.
  std::int64_t keep_lease_alive(std::int64_t lease, Milliseconds time_limit = default_limit);
  /// The seconds that the lease has left without having been kept alive; negative where it is gone.
  std::int64_t lease_time_left(std::int64_t lease, Milliseconds time_limit = default_limit);
  void revoke_lease(std::int64_t lease, Milliseconds time_limit = default_limit);

  /// Streams what a watch of all keys below the prefix says, from the revision on, message by message, from this
  /// member. Returns when `receive` or `goes_on` returns false, or the member ends the stream; throws EtcdError.
  void watch(std::size_t member, const std::string& prefix, std::int64_t from_revision,
             const std::function<bool(const EtcdWatchNews& news)>& receive, const std::function<bool()>& goes_on);

  /// The member that the next request goes to; a number below that of the endpoints.
  std::size_t preferred_member() const;
  /// It is slow or cut off: the next request goes to another one, unless it would anyway.
  void avoid(std::size_t member);

  static constexpr Milliseconds default_limit{5000};
  static constexpr std::size_t always_taken = 1536 * 1024;  ///< bytes of a message, with etcd's defaults

 private:
  class Borrowed;
  std::string url_of(std::size_t member, std::string_view method) const;
  // Messages as they are sent; `method`: SERVICE/METHOD.
  std::string read_call(std::string_view method, const std::string& message, Milliseconds time_limit);
  std::string call_once(std::string_view method, const std::string& message, Milliseconds time_limit);
  std::string call_member(std::size_t member, std::string_view method, const std::string& message,
                          Milliseconds time_limit);
  std::string ask_of_lease(std::string_view method, std::int64_t lease, Milliseconds time_limit);
  std::string token(std::size_t member, Milliseconds time_limit);
  void forget_token(const std::string& stale);

  const EtcdAccess access_;

  mutable std::mutex mutex_;  // guards all below; innermost
  std::vector<std::unique_ptr<GrpcConnection>> idle_;
  std::size_t preferred_ = 0;  // of the endpoints
  std::string token_;
};

}  // namespace statusfs
