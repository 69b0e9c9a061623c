// A server of gRPC for tests of the client: as much of HTTP/2 (RFC 9113) as one call a time needs.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "fs/store/etcd/grpc_connection.hpp"
#include "fs/store/etcd/grpc_frames.hpp"

namespace statusfs::test {

/// Answers the first call of each connection, one connection at a time.
class GrpcServer {
 public:
  /// `answer` is called on the server's thread.
  explicit GrpcServer(std::function<GrpcAnswer()> answer)
      : answer_(std::move(answer)), listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
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
  ~GrpcServer() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  const std::string& endpoint() const { return endpoint_; }
  std::string url() const { return "http://" + endpoint_ + "/a.Service/Method"; }
  /// Those that came, answered or not.
  int calls() const { return calls_; }
  /// Connections that the server closed.
  int closed() const { return closed_; }
  /// From now on a connection is closed right behind its answer, and not behind a second call.
  void close_behind_answers() { closes_behind_answers_ = true; }
  /// The answer is the first message of a stream that goes on with these, one by one, and does not end. Precondition:
  /// no call has come.
  void go_on_with(std::vector<std::string> messages) {
    later_messages_ = std::move(messages);
    leaves_calls_open_ = true;
  }

 private:
  enum class FrameKind : char { data = 0, headers = 1, settings = 4 };
  static constexpr char end_stream = 0x1, acknowledged = 0x1, end_headers = 0x4;
  static constexpr std::size_t preface_size = 24, frame_head_size = 9, largest_frame = 16384;

  static std::string frame(FrameKind kind, char flags, char stream, std::string_view payload) {
    std::string text;
    for (int shift = 16; shift >= 0; shift -= 8) text += static_cast<char>(payload.size() >> shift & 0xff);
    text.append({static_cast<char>(kind), flags, 0, 0, 0, stream});
    return text.append(payload);
  }
  // A header that no table takes (RFC 7541, section 6.2.2).
  static std::string header(std::string_view name, std::string_view value) {
    std::string text(1, '\0');
    for (const std::string_view part : {name, value}) text.append(1, static_cast<char>(part.size())).append(part);
    return text;
  }
  static std::string head_text() {
    return frame(FrameKind::headers, end_headers, 1, "\x88" + header("content-type", "application/grpc"));
  }
  static std::string text_of(const std::string& message) {
    const std::string body = grpc_frame(message);
    std::string text;
    for (std::size_t at = 0; at < body.size(); at += largest_frame)
      text += frame(FrameKind::data, 0, 1, std::string_view(body).substr(at, largest_frame));
    return text;
  }
  static std::string end_text(const GrpcStatus& status) {
    return frame(FrameKind::headers, end_headers | end_stream, 1,
                 header("grpc-status", std::to_string(status.code)) + header("grpc-message", status.message));
  }
  void send_answer(int client) const {
    const GrpcAnswer answer = answer_();
    send(client,
         head_text() + text_of(answer.message) + (leaves_calls_open_ ? std::string() : end_text(answer.status)));
    for (const std::string& message : later_messages_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      send(client, text_of(message));
    }
  }
  static void send(int client, const std::string& text) { ::send(client, text.data(), text.size(), MSG_NOSIGNAL); }

  void serve() {
    for (int client = ::accept(listening_, nullptr, nullptr); client >= 0;
         client = ::accept(listening_, nullptr, nullptr)) {
      send(client, frame(FrameKind::settings, 0, 0, {}) + frame(FrameKind::settings, acknowledged, 0, {}));
      if (has_read_call(client, true)) send_answer(client);
      if (closes_behind_answers_)
        let_answer_arrive(client);
      else
        has_read_call(client, false);
      ::close(client);
      ++closed_;
    }
  }

  // What is closed with something unread takes back what was sent.
  static void let_answer_arrive(int client) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::array<char, 4096> buffer{};
    while (::recv(client, buffer.data(), buffer.size(), MSG_DONTWAIT) > 0) continue;
  }

  bool has_read_call(int client, bool is_first) {
    if (is_first && !read(client, preface_size)) return false;
    for (;;) {
      const auto head = read(client, frame_head_size);
      if (!head) return false;
      std::size_t size = 0;
      for (std::size_t byte = 0; byte < 3; ++byte) size = size << 8 | static_cast<unsigned char>((*head)[byte]);
      if (!read(client, size)) return false;
      const bool is_data = (*head)[3] == static_cast<char>(FrameKind::data);
      if (is_data && ((*head)[4] & end_stream) != 0) break;
    }
    ++calls_;
    return true;
  }

  // Nothing: the connection ended before.
  static std::optional<std::string> read(int client, std::size_t size) {
    std::string text(size, '\0');
    std::size_t have = 0;
    while (have < size) {
      const ssize_t taken = ::recv(client, text.data() + have, size - have, 0);
      if (taken <= 0) return std::nullopt;
      have += static_cast<std::size_t>(taken);
    }
    return text;
  }

  const std::function<GrpcAnswer()> answer_;
  const int listening_;
  std::string endpoint_;
  std::atomic<int> calls_{0}, closed_{0};
  std::atomic<bool> closes_behind_answers_{false};
  std::atomic<bool> leaves_calls_open_{false};
  std::vector<std::string> later_messages_;
  std::thread thread_;
};

}  // namespace statusfs::test
