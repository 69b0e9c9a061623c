// Labels of processes that keep whoever reads them waiting.
#include "fs/identity/label_reader.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

namespace statusfs {
namespace {

using std::chrono::milliseconds;
constexpr pid_t stuck = 7, other = 8;

Labels named(const std::string& persona) { return {persona, std::nullopt}; }

class LabelReaderTest : public ::testing::Test {
 protected:
  ~LabelReaderTest() override { let_go(); }
  void let_go() {
    if (!was_let_go_.exchange(true)) free_.set_value();
  }

  std::promise<void> free_;
  std::atomic<bool> was_let_go_ = false;
  std::atomic<int> reads_ = 0;
  const std::shared_future<void> freed_ = free_.get_future().share();
  LabelReader reader_{[this, freed = freed_](pid_t pid) {
                        ++reads_;
                        if (pid == stuck) freed.wait();
                        return named(std::to_string(pid));
                      },
                      milliseconds(300)};
};

TEST_F(LabelReaderTest, ReadsWhatTheProcessSays) { EXPECT_EQ("8", reader_.read(other).persona); }

TEST_F(LabelReaderTest, LeavesOutWhatDoesNotComeInTime) {
  EXPECT_EQ(std::nullopt, reader_.read(stuck).persona);
  EXPECT_EQ("8", reader_.read(other).persona) << "others do not wait with it";
  const int before = reads_;
  EXPECT_EQ(std::nullopt, reader_.read(stuck).persona);
  EXPECT_EQ(before, reads_) << "another thread would be stuck with the first";
  let_go();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (reader_.read(stuck).persona != "7") ASSERT_LT(std::chrono::steady_clock::now(), deadline);
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
