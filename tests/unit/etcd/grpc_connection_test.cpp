// A call is sent once, whatever becomes of the connection.
#include "fs/store/etcd/grpc_connection.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/unit/etcd/grpc_server.hpp"

namespace statusfs {
namespace {

using namespace std::literals;
using test::GrpcServer;

GrpcAnswer well() { return {{}, "the answer"}; }

constexpr std::chrono::milliseconds limit{5000};

TEST(GrpcConnectionTest, DoesNotSendAgainWhatAKeptConnectionWasClosedBehind) {
  GrpcServer server(well);
  {
    GrpcConnection connection({});
    EXPECT_EQ("the answer", connection.call(server.url(), {}, "the question", limit).message);
    try {
      connection.call(server.url(), {}, "the question", limit);
      ADD_FAILURE() << "it was sent again and answered";
    } catch (const GrpcFailure& failure) {
      EXPECT_TRUE(failure.was_sent) << failure.what();
    }
    EXPECT_EQ(2, server.calls());
    EXPECT_EQ("the answer", connection.call(server.url(), {}, "the question", limit).message)
        << "another call, another connection";
  }
  EXPECT_EQ(3, server.calls());
}

TEST(GrpcConnectionTest, MakesAnotherConnectionWhereTheKeptOneWasClosedBeforeTheCall) {
  GrpcServer server(well);
  server.close_behind_answers();
  GrpcConnection connection({});
  for (int call = 1; call <= 3; ++call) {
    const GrpcAnswer answer = connection.call(server.url(), {}, "the question", limit);
    EXPECT_EQ("the answer", answer.message) << answer.status.code << " " << answer.status.message;
    EXPECT_EQ(call, server.calls());
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (server.closed() < call) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::sleep_for(1ms);
    }
    std::this_thread::sleep_for(50ms);  // that the connection is closed can be seen then
  }
}

TEST(GrpcConnectionTest, TellsHowACallEnded) {
  GrpcServer server([] { return GrpcAnswer{{8, "100%25 no"}, {}}; });
  const GrpcAnswer answer = GrpcConnection({}).call(server.url(), {}, "the question", limit);
  EXPECT_EQ(8, answer.status.code);
  EXPECT_EQ("100% no", answer.status.message);
  EXPECT_EQ("", answer.message);
}

TEST(GrpcConnectionTest, SaysThatNothingWasSentWhereNobodyListens) {
  std::string url;
  {
    GrpcServer server(well);
    url = server.url();
  }
  try {
    GrpcConnection({}).call(url, {}, "the question", limit);
    ADD_FAILURE() << "somebody answered";
  } catch (const GrpcFailure& failure) {
    EXPECT_FALSE(failure.was_sent) << failure.what();
  }
}

TEST(GrpcConnectionTest, GivesOutTheMessagesOfAStreamUntilItIsToldToStop) {
  GrpcServer server(well);
  std::vector<std::string> messages;
  const auto take = [&](std::string_view message) {
    messages.emplace_back(message);
    return false;
  };
  EXPECT_EQ(0, GrpcConnection({}).stream(server.url(), {}, "the question", take, [] { return true; }).code);
  EXPECT_EQ(std::vector<std::string>{"the answer"}, messages);
  EXPECT_THROW(GrpcConnection({}).stream(
                   server.url(), {}, "the question", [](std::string_view) -> bool { throw std::logic_error("no"); },
                   [] { return true; }),
               std::logic_error);
}

TEST(GrpcConnectionTest, GivesOutAMessageOfAStreamThatNothingFollows) {
  for (const std::size_t size : {16'000, 32'768, 45'000, 64'000}) {
    GrpcServer server(well);
    server.go_on_with({std::string(size, 'x')});
    std::size_t received = 0;
    const auto take = [&](std::string_view message) {
      received = message.size();
      return received != size;
    };
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    GrpcConnection({}).stream(server.url(), {}, "the question", take,
                              [&] { return std::chrono::steady_clock::now() < deadline; });
    ASSERT_EQ(size, received);
  }
}

}  // namespace
}  // namespace statusfs
