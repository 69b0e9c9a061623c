#include "fs/store/etcd/grpc_connection.hpp"

#include <curl/curl.h>

#include <array>
#include <charconv>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include "fs/store/etcd/grpc_frames.hpp"

namespace statusfs {
namespace {

constexpr long connect_limit_ms = 500;
constexpr long keepalive_seconds = 2;
// libcurl before 8.0 reads 32 KiB of HTTP/2 at once, and what of it does not fit into the buffer of the body (16 KiB by
// default) may wait until more comes: measured between hosts that write at once, one message of a watch in ten came
// late.
constexpr long body_buffer_size = 64 * 1024;

void initialise_library() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

HeaderList headers_with(const std::string& token) {
  curl_slist* list = curl_slist_append(nullptr, "Content-Type: application/grpc");
  list = curl_slist_append(list, "TE: trailers");
  list = curl_slist_append(list, "Expect:");  // a round trip for nothing
  if (!token.empty()) list = curl_slist_append(list, ("Authorization: " + token).c_str());
  return HeaderList(list);
}

// --- how a call ended ------------------------------------------------------------------------------------------------

// What a server, or somebody before it, means that answers without gRPC ("HTTP to gRPC Status Code Mapping").
int code_of_http(long status) {
  switch (status) {
    case 400:
      return grpc_code::internal;
    case 401:
      return grpc_code::unauthenticated;
    case 403:
      return grpc_code::permission_denied;
    case 404:
      return grpc_code::unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return grpc_code::unavailable;
    default:
      return grpc_code::unknown;
  }
}

// In headers behind the body, or before it where there is none.
struct EndHeaders {
  std::optional<int> code;
  std::string message;  // %XX stands for what is not printable
};

std::optional<std::string_view> value_of(std::string_view header, std::string_view name) {
  if (!header.starts_with(name)) return std::nullopt;
  header.remove_prefix(name.size());
  return header.substr(0, header.find_last_not_of("\r\n") + 1);
}

void take(EndHeaders& headers, std::string_view header) {
  if (const auto code = value_of(header, "grpc-status: ")) {
    int number = grpc_code::unknown;
    std::from_chars(code->data(), code->data() + code->size(), number);
    headers.code = number;
  } else if (const auto message = value_of(header, "grpc-message: ")) {
    headers.message = *message;
  }
}

std::string unescaped(const std::string& text) {
  int size = 0;
  char* plain = curl_easy_unescape(nullptr, text.data(), static_cast<int>(text.size()), &size);
  if (!plain) throw std::bad_alloc();
  std::string result(plain, static_cast<std::size_t>(size));
  curl_free(plain);
  return result;
}

// --- what comes ------------------------------------------------------------------------------------------------------

struct Receiver {
  const std::function<bool(std::string_view)>& receive;
  const std::function<bool()>& goes_on;
  GrpcFrames frames = {};
  EndHeaders end = {};
  std::exception_ptr failure = {};  // what is thrown must not pass through libcurl
  bool has_stopped = false;

  // Whether `work`, which says whether to go on, says so.
  template <typename Work>
  bool goes_on_after(Work work) noexcept {
    try {
      if (work()) return true;
    } catch (...) {
      failure = std::current_exception();
    }
    has_stopped = true;
    return false;
  }
};

std::size_t take_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& receiver = *static_cast<Receiver*>(user);
  const bool goes_on = receiver.goes_on_after([&] {
    take(receiver.end, {data, size});
    return true;
  });
  return goes_on ? size : CURL_WRITEFUNC_ERROR;
}

std::size_t take_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& receiver = *static_cast<Receiver*>(user);
  const bool goes_on = receiver.goes_on_after([&] { return receiver.frames.take({data, size}, receiver.receive); });
  return goes_on ? size : CURL_WRITEFUNC_ERROR;
}

int ask_whether_to_go_on(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& receiver = *static_cast<Receiver*>(user);
  return receiver.goes_on_after([&] { return receiver.goes_on(); }) ? 0 : 1;
}

}  // namespace

// --- the connection --------------------------------------------------------------------------------------------------

// What libcurl keeps between calls, and with it the connection.
//
// Without TLS nothing says to libcurl that the other side speaks HTTP/2 but "prior knowledge", with which libcurl
// before 8.0 cannot use a connection a second time (error 16). Without that word it goes on as the connection began,
// but makes new ones of HTTP/1. So the word is said of the first call, and a call for which a new connection was made
// is stopped before anything of it is sent.
struct GrpcConnection::Handle {
  explicit Handle(const TlsFiles& tls) : is_secure(tls.is_used()) {
    if (!easy) throw std::bad_alloc();
    set(CURLOPT_ERRORBUFFER, error.data());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_POST, 1L);
    set(CURLOPT_TCP_NODELAY, 1L);
    set(CURLOPT_PREREQFUNCTION, &Handle::may_begin);
    set(CURLOPT_PREREQDATA, this);
    set(CURLOPT_TCP_KEEPALIVE, 1L);  // of a stream on which nothing comes
    set(CURLOPT_TCP_KEEPIDLE, keepalive_seconds);
    set(CURLOPT_TCP_KEEPINTVL, keepalive_seconds);
    set(CURLOPT_BUFFERSIZE, body_buffer_size);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_CONNECTTIMEOUT_MS, connect_limit_ms);
    if (!tls.authority.empty()) set(CURLOPT_CAINFO, tls.authority.c_str());
    if (!tls.certificate.empty()) set(CURLOPT_SSLCERT, tls.certificate.c_str());
    if (!tls.key.empty()) set(CURLOPT_SSLKEY, tls.key.c_str());
  }
  ~Handle() { curl_easy_cleanup(easy); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  // Of a connection.
  struct Ends {
    std::string address;
    int port = 0, own_port = 0;
    bool operator==(const Ends&) const = default;
  };
  bool has_connection() const { return used.own_port != 0; }

  template <typename Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(easy, option, value);
  }

  static int may_begin(void* user, char* address, char*, int port, int own_port) noexcept try {
    Handle& own = *static_cast<Handle*>(user);
    return own.may_begin_by({address, port, own_port}) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
  } catch (const std::bad_alloc&) {
    return CURL_PREREQFUNC_ABORT;
  }

  bool may_begin_by(const Ends& ends) {
    is_connection_lost = !is_secure && has_connection() && !(used == ends) && times_begun == 0;
    if (is_connection_lost) return false;
    used = ends;
    // libcurl sends a request again, by itself, when a kept connection is closed before a byte of the answer came. The
    // other side may have acted on the first one: whoever asked has to find out.
    return ++times_begun == 1;
  }

  void set_call(const std::string& url, curl_slist* headers, std::string_view body, Receiver& receiver) {
    error[0] = '\0';
    times_begun = 0;
    set(CURLOPT_HTTP_VERSION, static_cast<long>(is_secure           ? CURL_HTTP_VERSION_2TLS
                                                : !has_connection() ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
                                                                    : CURL_HTTP_VERSION_2_0));
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    set(CURLOPT_POSTFIELDS, body.data());
    set(CURLOPT_HEADERFUNCTION, take_header);
    set(CURLOPT_HEADERDATA, &receiver);
    set(CURLOPT_WRITEFUNCTION, take_body);
    set(CURLOPT_WRITEDATA, &receiver);
    set(CURLOPT_XFERINFOFUNCTION, ask_whether_to_go_on);
    set(CURLOPT_XFERINFODATA, &receiver);
  }

  // Nothing: the connection was lost before the call began.
  std::optional<GrpcStatus> perform(const Receiver& receiver) {
    const CURLcode code = curl_easy_perform(easy);
    if (receiver.failure) std::rethrow_exception(receiver.failure);
    if (receiver.has_stopped) return GrpcStatus{};
    if (is_connection_lost) return std::nullopt;
    if (code != CURLE_OK)
      throw GrpcFailure(error[0] != '\0' ? error.data() : curl_easy_strerror(code), times_begun > 0);
    if (receiver.end.code) return GrpcStatus{*receiver.end.code, unescaped(receiver.end.message)};
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return GrpcStatus{code_of_http(status), "HTTP status " + std::to_string(status)};
  }

  const bool is_secure;
  CURL* const easy = curl_easy_init();
  std::array<char, CURL_ERROR_SIZE> error{};
  Ends used;            // of the connection that the last call went by
  int times_begun = 0;  // of the call
  bool is_connection_lost = false;
};

GrpcConnection::GrpcConnection(TlsFiles tls) : tls_(std::move(tls)) { initialise_library(); }
GrpcConnection::~GrpcConnection() = default;

GrpcStatus GrpcConnection::perform(const std::string& url, const std::string& token, std::string_view message,
                                   const std::function<bool(std::string_view)>& receive,
                                   const std::function<bool()>& goes_on, std::chrono::milliseconds time_limit) {
  const HeaderList headers = headers_with(token);
  const std::string body = grpc_frame(message);
  Receiver receiver{receive, goes_on};
  for (;;) {
    std::unique_ptr<Handle> handle = handle_ ? std::move(handle_) : std::make_unique<Handle>(tls_);
    handle->set(CURLOPT_TIMEOUT_MS, static_cast<long>(time_limit.count()));
    handle->set_call(url, headers.get(), body, receiver);
    const auto status = handle->perform(receiver);
    if (!status) continue;                               // a new handle cannot lose what it did not have
    if (receiver.end.code) handle_ = std::move(handle);  // it was gRPC that answered, and to the end
    return *status;
  }
}

GrpcAnswer GrpcConnection::call(const std::string& url, const std::string& token, std::string_view message,
                                std::chrono::milliseconds time_limit) {
  std::optional<std::string> answer;
  const auto take = [&](std::string_view received) {
    answer = received;
    return true;
  };
  GrpcStatus status = perform(
      url, token, message, take, [] { return true; }, time_limit);
  if (status.code != grpc_code::well) return {std::move(status), {}};
  if (!answer) throw GrpcFailure("an answer without a message", true);
  return {{}, std::move(*answer)};
}

GrpcStatus GrpcConnection::stream(const std::string& url, const std::string& token, std::string_view message,
                                  const std::function<bool(std::string_view)>& receive,
                                  const std::function<bool()>& goes_on) {
  constexpr std::chrono::milliseconds no_limit{0};
  return perform(url, token, message, receive, goes_on, no_limit);
}

}  // namespace statusfs
