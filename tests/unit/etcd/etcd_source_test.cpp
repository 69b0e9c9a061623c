// What a source tells its observer, and until when.
#include "fs/store/etcd/etcd_source.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <string_view>
#include <thread>

namespace statusfs {
namespace {

// Says to everything, one after another, that there is nothing, or that it has no leader.
class EmptyEtcd {
 public:
  EmptyEtcd() : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listening_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listening_, 64) != 0 ||
        ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("no server");
    endpoint_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~EmptyEtcd() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  EmptyEtcd(const EmptyEtcd&) = delete;
  EmptyEtcd& operator=(const EmptyEtcd&) = delete;

  const std::string& endpoint() const { return endpoint_; }
  void lose_leader() { has_leader_ = false; }

 private:
  void serve() {
    for (int client = next(); client >= 0; client = next()) {
      read_request(client);
      const std::string body =
          has_leader_ ? R"({"header":{"revision":"5"}})" : R"({"error":"etcdserver: no leader","code":14})";
      const std::string answer = std::string("HTTP/1.1 ") + (has_leader_ ? "200 OK" : "503 Unavailable") +
                                 "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
                                 "\r\n\r\n" + body;
      ::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
      ::close(client);
    }
  }
  int next() const { return ::accept(listening_, nullptr, nullptr); }

  static void read_request(int client) {
    constexpr std::string_view length = "Content-Length: ";
    std::string text;
    std::array<char, 4096> buffer{};
    for (;;) {
      const std::size_t end = text.find("\r\n\r\n"), found = text.find(length);
      if (end != std::string::npos && found != std::string::npos) {
        std::size_t size = 0;
        std::from_chars(text.data() + found + length.size(), text.data() + end, size);
        if (text.size() >= end + 4 + size) return;
      }
      const ssize_t size = ::recv(client, buffer.data(), buffer.size(), 0);
      if (size <= 0) return;
      text.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }

  const int listening_;
  std::string endpoint_;
  std::atomic<bool> has_leader_{true};
  std::thread thread_;
};

struct SlowObserver : StatusSourceObserver {
  std::atomic<bool> is_entered{false}, is_left{false};

  void name_changed(const std::string&) override {}
  void connection_lost(const std::string&) override {
    is_entered = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    is_left = true;
  }
};

TEST(EtcdSourceTest, TellsNothingAfterItStoppedWatching) {
  EmptyEtcd etcd;
  EtcdSourceOptions options;
  options.access.endpoints = {etcd.endpoint()};
  options.prefix = "/plans";
  options.host = "here";
  EtcdSource source(options, nullptr);
  SlowObserver observer;
  source.watch(observer);
  etcd.lose_leader();
  for (int wait = 0; wait < 2000 && !observer.is_entered; ++wait)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_TRUE(observer.is_entered);
  source.stop_watching();
  EXPECT_TRUE(observer.is_left) << "the observer may be gone now";
}

}  // namespace
}  // namespace statusfs
