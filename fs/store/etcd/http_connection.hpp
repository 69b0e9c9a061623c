// One HTTP connection to an etcd member, over libcurl.
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

struct HttpResponse {
  long status = 0;
  std::string body;
};

/// No answer. `was_sent`: the request, or a part of it, may have reached the member.
class HttpFailure : public std::runtime_error {
 public:
  HttpFailure(const std::string& reason, bool may_have_been_sent)
      : std::runtime_error(reason), was_sent(may_have_been_sent) {}
  const bool was_sent;
};

/// Thread safety: one thread at a time.
class HttpConnection {
 public:
  explicit HttpConnection(TlsFiles tls);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  /// Sent once at most: libcurl does not repeat it where a kept connection turns out to be closed. Throws HttpFailure.
  /// `token` is sent as Authorization unless it is empty.
  HttpResponse post(const std::string& url, const std::string& token, std::string_view body,
                    std::chrono::milliseconds time_limit);
  /// Hands over the answer piece by piece until the other side ends it, `receive` or `goes_on` returns false. `goes_on`
  /// is asked at least once a second. Returns the status; throws HttpFailure where the connection breaks.
  long stream(const std::string& url, const std::string& token, std::string_view body,
              const std::function<bool(std::string_view piece)>& receive, const std::function<bool()>& goes_on);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace statusfs
