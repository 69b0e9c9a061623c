#include "fs/store/etcd/grpc_frames.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>

namespace statusfs {
namespace {

constexpr std::size_t prefix_size = 5;
constexpr std::size_t largest_message = std::numeric_limits<std::int32_t>::max();  // that etcd sends

std::size_t length_at(std::string_view frame) {
  std::size_t length = 0;
  for (std::size_t position = 1; position < prefix_size; ++position)
    length = length << 8 | static_cast<std::uint8_t>(frame[position]);
  return length;
}

}  // namespace

std::string grpc_frame(std::string_view message) {
  std::string frame(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(message.size() >> shift & 0xff);
  return frame.append(message);
}

bool GrpcFrames::take(std::string_view piece, const std::function<bool(std::string_view message)>& receive) {
  received_ += piece;
  std::string_view left = received_;
  bool goes_on = true;
  while (goes_on && left.size() >= prefix_size) {
    if (left.front() != '\0') throw std::runtime_error("a compressed message of gRPC");
    const std::size_t length = length_at(left);
    if (length > largest_message) throw std::runtime_error("a message of gRPC of " + std::to_string(length) + " bytes");
    if (left.size() < prefix_size + length) break;
    goes_on = receive(left.substr(prefix_size, length));
    left.remove_prefix(prefix_size + length);
  }
  received_.erase(0, received_.size() - left.size());
  return goes_on;
}

}  // namespace statusfs
