// Messages come in pieces of any size.
#include "fs/store/etcd/grpc_frames.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace statusfs {
namespace {

using namespace std::literals;

TEST(GrpcFramesTest, AFrameIsAFlagALengthAndTheMessage) {
  EXPECT_EQ("\0\0\0\0\3abc"sv, grpc_frame("abc"));
  EXPECT_EQ("\0\0\1\2\3"sv, grpc_frame(std::string(0x10203, 'x')).substr(0, 5));
}

TEST(GrpcFramesTest, GivesOutEachMessageOnceItIsThereAsAWhole) {
  const std::string text = grpc_frame("first") + grpc_frame("") + grpc_frame(std::string(300, 'x'));
  for (std::size_t size = 1; size <= text.size(); ++size) {
    GrpcFrames frames;
    std::vector<std::string> messages;
    const auto receive = [&](std::string_view message) {
      messages.emplace_back(message);
      return true;
    };
    for (std::size_t at = 0; at < text.size(); at += size) EXPECT_TRUE(frames.take(text.substr(at, size), receive));
    EXPECT_EQ((std::vector<std::string>{"first", "", std::string(300, 'x')}), messages) << "pieces of " << size;
  }
}

TEST(GrpcFramesTest, StopsWhereItIsToldTo) {
  GrpcFrames frames;
  int messages = 0;
  EXPECT_FALSE(frames.take(grpc_frame("a") + grpc_frame("b"), [&](std::string_view) { return ++messages == 0; }));
  EXPECT_EQ(1, messages);
}

TEST(GrpcFramesTest, RefusesWhatIsCompressedOrCannotBe) {
  const auto receive = [](std::string_view) { return true; };
  EXPECT_THROW(GrpcFrames().take("\1\0\0\0\0"sv, receive), std::runtime_error);
  EXPECT_THROW(GrpcFrames().take("\0\xff\xff\xff\xff"sv, receive), std::runtime_error);
}

}  // namespace
}  // namespace statusfs
