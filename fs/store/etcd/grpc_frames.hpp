// How gRPC puts messages into the body of a request and of its answer: a byte that says whether the message is
// compressed, its length in four bytes, the most significant first, and the message (gRPC over HTTP/2,
// "Length-Prefixed-Message").
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace statusfs {

std::string grpc_frame(std::string_view message);

/// Takes a body piece by piece and gives out its messages.
/// Thread safety: none.
class GrpcFrames {
 public:
  /// Calls `receive` for each message that is complete, until it returns false, and returns what it did. Throws
  /// std::runtime_error for a message that is compressed, which was not asked for, or larger than etcd can send.
  bool take(std::string_view piece, const std::function<bool(std::string_view message)>& receive);

 private:
  std::string received_;  // of messages that were not given out
};

}  // namespace statusfs
