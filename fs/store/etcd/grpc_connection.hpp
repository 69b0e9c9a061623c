// One connection of gRPC to an etcd member: HTTP/2, over libcurl.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace statusfs {

/// How the connection is secured. Empty file names: not.
struct TlsFiles {
  std::string authority;    ///< PEM: who signs the members' certificates
  std::string certificate;  ///< PEM: our own
  std::string key;          ///< PEM: of our own
  bool is_used() const { return !authority.empty() || !certificate.empty(); }
};

/// Codes of gRPC ("Status codes and their use"), as far as they matter here.
namespace grpc_code {
inline constexpr int well = 0, unknown = 2, invalid_argument = 3, not_found = 5, permission_denied = 7,
                     resource_exhausted = 8, failed_precondition = 9, out_of_range = 11, unimplemented = 12,
                     internal = 13, unavailable = 14, unauthenticated = 16;
}

/// How a call ended, as the other side says.
struct GrpcStatus {
  int code = grpc_code::well;
  std::string message;
};

struct GrpcAnswer {
  GrpcStatus status;
  std::string message;  ///< empty where the status is not 0
};

/// No answer. `was_sent`: the call, or a part of it, may have reached the member.
class GrpcFailure : public std::runtime_error {
 public:
  GrpcFailure(const std::string& reason, bool may_have_been_sent)
      : std::runtime_error(reason), was_sent(may_have_been_sent) {}
  const bool was_sent;
};

/// Thread safety: one thread at a time.
class GrpcConnection {
 public:
  explicit GrpcConnection(TlsFiles tls);
  ~GrpcConnection();
  GrpcConnection(const GrpcConnection&) = delete;
  GrpcConnection& operator=(const GrpcConnection&) = delete;

  /// `url`: http[s]://HOST:PORT/PACKAGE.SERVICE/METHOD. Sent once at most: libcurl does not repeat it where a kept
  /// connection turns out to be closed. `token` is sent as Authorization unless it is empty. Throws GrpcFailure.
  GrpcAnswer call(const std::string& url, const std::string& token, std::string_view message,
                  std::chrono::milliseconds time_limit);
  /// Hands over message by message until the other side ends the stream, `receive` or `goes_on` returns false.
  /// `goes_on` is asked at least once a second. Throws GrpcFailure where the connection breaks, and what `receive`
  /// throws.
  GrpcStatus stream(const std::string& url, const std::string& token, std::string_view message,
                    const std::function<bool(std::string_view message)>& receive, const std::function<bool()>& goes_on);

 private:
  struct Handle;
  GrpcStatus perform(const std::string& url, const std::string& token, std::string_view message,
                     const std::function<bool(std::string_view message)>& receive, const std::function<bool()>& goes_on,
                     std::chrono::milliseconds time_limit);

  std::unique_ptr<Handle> handle_;
  const TlsFiles tls_;
};

}  // namespace statusfs
