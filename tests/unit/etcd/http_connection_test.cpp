// A request is sent once, whatever becomes of the connection.
#include "fs/store/etcd/http_connection.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string_view>
#include <thread>

namespace statusfs {
namespace {

// Answers the first request of each connection, and closes it behind the second.
class OneAnswerServer {
 public:
  OneAnswerServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(socket_, 8) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("no server");
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
    thread_ = std::thread([this] { serve(); });
  }
  ~OneAnswerServer() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  OneAnswerServer(const OneAnswerServer&) = delete;
  OneAnswerServer& operator=(const OneAnswerServer&) = delete;

  const std::string& url() const { return url_; }
  int requests() const { return requests_; }

 private:
  void serve() {
    for (int client = ::accept(socket_, nullptr, nullptr); client >= 0; client = ::accept(socket_, nullptr, nullptr)) {
      constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
      if (has_read_request(client)) ::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
      has_read_request(client);
      ::close(client);
    }
  }

  bool has_read_request(int client) {
    std::string text;
    std::array<char, 4096> buffer{};
    while (!text.ends_with("the body")) {
      const ssize_t size = ::recv(client, buffer.data(), buffer.size(), 0);
      if (size <= 0) return false;
      text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    ++requests_;
    return true;
  }

  const int socket_;
  std::string url_;
  std::atomic<int> requests_{0};
  std::thread thread_;
};

TEST(HttpConnectionTest, DoesNotSendAgainWhatAKeptConnectionWasClosedBehind) {
  OneAnswerServer server;
  {
    HttpConnection connection({});
    constexpr std::chrono::milliseconds limit{5000};
    EXPECT_EQ(200, connection.post(server.url(), {}, "the body", limit).status);
    try {
      connection.post(server.url(), {}, "the body", limit);
      ADD_FAILURE() << "it was sent again and answered";
    } catch (const HttpFailure& failure) {
      EXPECT_TRUE(failure.was_sent) << failure.what();
    }
    EXPECT_EQ(2, server.requests());
    EXPECT_EQ(200, connection.post(server.url(), {}, "the body", limit).status)
        << "another request, another connection";
  }
  EXPECT_EQ(3, server.requests());
}

}  // namespace
}  // namespace statusfs
