// The JSON's lock while lines are appended, and what is written after a pause.
#include "fs/store/local/json_follower.hpp"

#include <chrono>
#include <future>

#include "tests/unit/store/local_store_fixture.hpp"

namespace statusfs {
namespace {

class JsonFollowerTest : public LocalStoreTest {
 protected:
  JsonFollowerTest() {
    put_chain();
    options_.background = false;
    follower_ = std::make_unique<JsonFollower>(files_, path_, opened_, options_);
    follower_->file().set_known(follower_->file().read().status);
    follower_->set_newest(maker_.document(), true);
  }
  void hold() {
    const auto guard = follower_->exclusive();
    ASSERT_EQ(follower_->hold().status, StoreStatus::done);
  }

  const OpenedDirectory opened_{files_, directory_.path()};
  LocalOptions options_;
  std::unique_ptr<JsonFollower> follower_;
};

TEST_F(JsonFollowerTest, KeepsTheLockUntilAnAppendHasEnded) {
  hold();
  ASSERT_TRUE(follower_->begin_append());
  auto released = std::async(std::launch::async, [&] {
    const auto guard = follower_->exclusive();
    follower_->release();
  });
  EXPECT_EQ(released.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  LockFile other(files_, lock_path_);
  EXPECT_FALSE(other.acquire(std::chrono::milliseconds(10), {}));
  EXPECT_TRUE(soon([&] { return !follower_->begin_append(); }));
  follower_->end_append(nullptr);
  released.get();
  EXPECT_TRUE(other.acquire(std::chrono::seconds(5), {}));
}

TEST_F(JsonFollowerTest, WritesAgainWithTheDocumentThatEndsThePause) {
  hold();
  follower_->set_newest(maker_.document(), false);
  follower_->set_paused(true);
  ASSERT_TRUE(follower_->begin_append());
  EXPECT_FALSE(follower_->is_behind());
  maker_.next();
  follower_->end_append(maker_.document());
  EXPECT_TRUE(follower_->is_behind());
  EXPECT_EQ(follower_->settle().status, StoreStatus::done);
  EXPECT_EQ(read_text(path_), maker_.text());
}

}  // namespace
}  // namespace statusfs
