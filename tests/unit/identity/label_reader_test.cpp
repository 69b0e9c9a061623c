// Labels of processes that keep whoever reads them waiting.
#include "fs/identity/label_reader.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace statusfs {
namespace {

using std::chrono::milliseconds;
constexpr pid_t stuck = 7, other = 8;

Labels named(const std::string& persona) { return {persona, std::nullopt}; }

class LabelReaderTest : public ::testing::Test {
 protected:
  ~LabelReaderTest() override { let_go(); }
  // On a busy machine the thread that reads may come too late.
  bool comes(pid_t pid, const std::string& persona) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (reader_.read(pid).persona != persona)
      if (std::chrono::steady_clock::now() > deadline) return false;
    return true;
  }
  void let_go() {
    if (!was_let_go_.exchange(true)) free_.set_value();
  }

  std::promise<void> free_;
  std::atomic<bool> was_let_go_ = false;
  const std::shared_ptr<std::atomic<int>> stuck_reads_ = std::make_shared<std::atomic<int>>(0);
  const std::shared_future<void> freed_ = free_.get_future().share();
  // A thread that is stuck may outlive this object.
  LabelReader reader_{[reads = stuck_reads_, freed = freed_](pid_t pid) {
                        if (pid == stuck) {
                          ++*reads;
                          freed.wait();
                        }
                        return named(std::to_string(pid));
                      },
                      milliseconds(300)};
};

TEST_F(LabelReaderTest, ReadsWhatTheProcessSays) { EXPECT_TRUE(comes(other, "8")); }

TEST_F(LabelReaderTest, LeavesOutWhatDoesNotComeInTime) {
  EXPECT_EQ(std::nullopt, reader_.read(stuck).persona);
  EXPECT_TRUE(comes(other, "8")) << "others do not wait with it";
  EXPECT_EQ(std::nullopt, reader_.read(stuck).persona);
  EXPECT_LE(*stuck_reads_, 1) << "another thread would be stuck with the first";
  let_go();
  EXPECT_TRUE(comes(stuck, "7"));
}

TEST(LabelReader, ReadsThisProcess) {
  LabelReader reader(read_labels, std::chrono::seconds(10));
  EXPECT_EQ(read_labels(::getpid()).trace_parent, reader.read(::getpid()).trace_parent);
}

TEST(LabelReader, TakesAFailureAsNoLabels) {
  LabelReader reader([](pid_t) -> Labels { throw std::runtime_error("unreadable"); }, std::chrono::seconds(10));
  EXPECT_EQ(std::nullopt, reader.read(other).persona);
}

}  // namespace
}  // namespace statusfs
