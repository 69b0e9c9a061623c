#include "fs/store/etcd/http_connection.hpp"

#include <curl/curl.h>

#include <array>
#include <mutex>

namespace statusfs {
namespace {

constexpr long connect_limit_ms = 500;
constexpr long keepalive_seconds = 2;

void initialise_library() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

HeaderList headers_with(const std::string& token) {
  curl_slist* list = curl_slist_append(nullptr, "Content-Type: application/json");
  list = curl_slist_append(list, "Expect:");  // a round trip for nothing
  if (!token.empty()) list = curl_slist_append(list, ("Authorization: " + token).c_str());
  return HeaderList(list);
}

std::size_t append_body(char* data, std::size_t, std::size_t size, void* body) {
  static_cast<std::string*>(body)->append(data, size);
  return size;
}

struct Receiver {
  const std::function<bool(std::string_view)>& receive;
  const std::function<bool()>& goes_on;
  bool has_stopped = false;
};

std::size_t hand_over(char* data, std::size_t, std::size_t size, void* user) {
  auto& receiver = *static_cast<Receiver*>(user);
  if (receiver.receive({data, size})) return size;
  receiver.has_stopped = true;
  return 0;
}

int ask_whether_to_go_on(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& receiver = *static_cast<Receiver*>(user);
  if (receiver.goes_on()) return 0;
  receiver.has_stopped = true;
  return 1;
}

// libcurl sends a request again, by itself, when a kept connection is closed before a byte of the answer came. The
// other side may have acted on the first one: whoever asked has to find out.
int refuse_to_repeat(void* times, char*, char*, int, int) {
  return ++*static_cast<int*>(times) > 1 ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

int never_stop(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) { return 0; }

}  // namespace

struct HttpConnection::Implementation {
  TlsFiles tls;
  CURL* easy = nullptr;
  std::array<char, CURL_ERROR_SIZE> error{};
  int times_begun = 0;  // of the request

  template <typename Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(easy, option, value);
  }

  void set_request(const std::string& url, curl_slist* headers, std::string_view body) {
    error[0] = '\0';
    times_begun = 0;
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    set(CURLOPT_POSTFIELDS, body.data());
  }

  void set_tls() {
    if (!tls.authority.empty()) set(CURLOPT_CAINFO, tls.authority.c_str());
    if (!tls.certificate.empty()) set(CURLOPT_SSLCERT, tls.certificate.c_str());
    if (!tls.key.empty()) set(CURLOPT_SSLKEY, tls.key.c_str());
  }

  long perform(const Receiver* receiver) {
    const CURLcode code = curl_easy_perform(easy);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK || (receiver && receiver->has_stopped)) return status;
    long sent = 0;
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
    throw HttpFailure(error[0] != '\0' ? error.data() : curl_easy_strerror(code), sent > 0);
  }
};

HttpConnection::HttpConnection(TlsFiles tls) : implementation_(std::make_unique<Implementation>()) {
  initialise_library();
  implementation_->tls = std::move(tls);
  implementation_->easy = curl_easy_init();
  if (!implementation_->easy) throw std::bad_alloc();
  Implementation& own = *implementation_;
  own.set(CURLOPT_ERRORBUFFER, own.error.data());
  own.set(CURLOPT_NOSIGNAL, 1L);
  own.set(CURLOPT_NOPROGRESS, 0L);
  own.set(CURLOPT_PROXY, "");
  own.set(CURLOPT_POST, 1L);
  own.set(CURLOPT_TCP_NODELAY, 1L);
  own.set(CURLOPT_PREREQFUNCTION, refuse_to_repeat);
  own.set(CURLOPT_PREREQDATA, &own.times_begun);
  own.set(CURLOPT_TCP_KEEPALIVE, 1L);  // of a stream on which nothing comes
  own.set(CURLOPT_TCP_KEEPIDLE, keepalive_seconds);
  own.set(CURLOPT_TCP_KEEPINTVL, keepalive_seconds);
  own.set(CURLOPT_PROTOCOLS_STR, "http,https");
  own.set(CURLOPT_CONNECTTIMEOUT_MS, connect_limit_ms);
  own.set_tls();
}

HttpConnection::~HttpConnection() { curl_easy_cleanup(implementation_->easy); }

HttpResponse HttpConnection::post(const std::string& url, const std::string& token, std::string_view body,
                                  std::chrono::milliseconds time_limit) {
  Implementation& own = *implementation_;
  const HeaderList headers = headers_with(token);
  HttpResponse response;
  own.set_request(url, headers.get(), body);
  own.set(CURLOPT_TIMEOUT_MS, static_cast<long>(time_limit.count()));
  own.set(CURLOPT_WRITEFUNCTION, append_body);
  own.set(CURLOPT_WRITEDATA, &response.body);
  own.set(CURLOPT_XFERINFOFUNCTION, never_stop);
  response.status = own.perform(nullptr);
  return response;
}

long HttpConnection::stream(const std::string& url, const std::string& token, std::string_view body,
                            const std::function<bool(std::string_view)>& receive,
                            const std::function<bool()>& goes_on) {
  Implementation& own = *implementation_;
  const HeaderList headers = headers_with(token);
  Receiver receiver{receive, goes_on};
  own.set_request(url, headers.get(), body);
  own.set(CURLOPT_TIMEOUT_MS, 0L);
  own.set(CURLOPT_WRITEFUNCTION, hand_over);
  own.set(CURLOPT_WRITEDATA, &receiver);
  own.set(CURLOPT_XFERINFOFUNCTION, ask_whether_to_go_on);
  own.set(CURLOPT_XFERINFODATA, &receiver);
  return own.perform(&receiver);
}

}  // namespace statusfs
