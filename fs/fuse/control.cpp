#include "fs/fuse/control.hpp"

#include <algorithm>
#include <initializer_list>

#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"

namespace statusfs {
namespace {

constexpr const char* commands =
    "there are \"adopt\", \"rollback\" (with \"version\") and \"reconcile\" (with \"resolution\")";

// A member that is passed over may have been to narrow the command.
void require_members(const Value& value, std::string_view command, std::initializer_list<std::string_view> accepted) {
  for (const Member& member : value.members()) {
    if (member.name() == "command" || std::ranges::find(accepted, member.name()) != accepted.end()) continue;
    std::string names = "\"command\"";
    for (const std::string_view name : accepted) names += ", " + compact(Value(name));
    throw Rejection(Cause::invalid, std::string(command) + " does not take the member " +
                                        compact(Value(member.name())) + "; it takes " + names);
  }
}

std::string text_member(const Value& value, std::string_view name) {
  const Value* member = value.find(name);
  if (!member) return {};
  if (!member->is_string()) throw Rejection(Cause::invalid, std::string(name) + " of a command is a string");
  return std::string(member->as_string());
}

ControlRequest adopt(const Value& value) {
  require_members(value, "adopt", {});
  return {};
}

ControlRequest rollback(const Value& value) {
  require_members(value, "rollback", {"version", "task"});
  ControlRequest request;
  request.command = ControlRequest::Command::rollback;
  const Value* version = value.find("version");
  if (!version || !version->is_integer() || version->as_integer() < 0)
    throw Rejection(Cause::invalid, "rollback takes a \"version\", a number");
  request.version = static_cast<std::uint64_t>(version->as_integer());
  if (value.find("task")) request.task = text_member(value, "task");
  return request;
}

ControlRequest reconcile(const Value& value) {
  require_members(value, "reconcile", {"resolution", "prefer"});
  ControlRequest request;
  request.command = ControlRequest::Command::reconcile;
  const std::string resolution = text_member(value, "resolution");
  const std::string preferred = text_member(value, "prefer");
  if (resolution == "ours")
    request.resolution = Resolution::ours;
  else if (resolution == "theirs")
    request.resolution = Resolution::theirs;
  else if (resolution == "merge")
    request.resolution = Resolution::merge;
  else
    throw Rejection(Cause::invalid, "reconcile takes a \"resolution\": ours, theirs or merge");
  if (!preferred.empty() && preferred != "ours" && preferred != "theirs")
    throw Rejection(Cause::invalid, "\"prefer\" of reconcile is ours or theirs");
  if (!preferred.empty()) request.preferred = preferred == "ours" ? Side::ours : Side::theirs;
  return request;
}

}  // namespace

ControlRequest read_control_request(std::string_view text) {
  Value value;
  try {
    value = parse_json(text);
  } catch (const ParseError& error) {
    throw Rejection(Cause::invalid,
                    std::string("a command is a JSON object, {\"command\": \"adopt\"}: ") + error.what());
  }
  const Value* command = value.find("command");
  if (command && *command == Value("adopt")) return adopt(value);
  if (command && *command == Value("rollback")) return rollback(value);
  if (command && *command == Value("reconcile")) return reconcile(value);
  throw Rejection(
      Cause::invalid,
      (command ? compact(*command) + " is no command" : std::string("a command is missing")) + "; " + commands);
}

}  // namespace statusfs
