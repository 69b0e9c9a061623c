#include "fs/fuse/control.hpp"

#include "tests/unit/expect_refused.hpp"

namespace statusfs {
namespace {

TEST(ControlTest, CommandsWithTheirMembers) {
  EXPECT_EQ(read_control_request(R"({"command":"adopt"})").command, ControlRequest::Command::adopt);
  const ControlRequest rollback = read_control_request(R"({"command":"rollback","version":4,"task":"one"})");
  EXPECT_EQ(rollback.command, ControlRequest::Command::rollback);
  EXPECT_EQ(rollback.version, 4u);
  EXPECT_EQ(rollback.task, "one");
  const ControlRequest merge = read_control_request(R"({"command":"reconcile","resolution":"merge","prefer":"ours"})");
  EXPECT_EQ(merge.resolution, Resolution::merge);
  EXPECT_EQ(merge.preferred, Side::ours);
}

TEST(ControlTest, OtherMembersAreRefusedByName) {
  const auto expect = [](const char* text, const std::string& member, const std::string& accepted) {
    SCOPED_TRACE(text);
    expect_refused(Cause::invalid, {member, accepted}, [&] { read_control_request(text); });
  };
  expect(R"({"command":"rollback","version":1,"taks":"one"})", R"("taks")", R"("command", "version", "task")");
  expect(R"({"command":"rollback","version":1,"resolution":"ours"})", R"("resolution")", R"("version")");
  expect(R"({"command":"reconcile","resolution":"ours","task":"one"})", R"("task")", R"("resolution", "prefer")");
  expect(R"({"command":"adopt","version":1})", R"("version")", R"(it takes "command")");
}

}  // namespace
}  // namespace statusfs
