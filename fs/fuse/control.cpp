#include "fs/fuse/control.hpp"

#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"

namespace statusfs {

ControlRequest read_control_request(std::string_view text) {
  Value value;
  try {
    value = parse_json(text);
  } catch (const ParseError& error) {
    throw Rejection(Cause::invalid, std::string("a command is a JSON object, {\"command\": \"adopt\"}: ") + error.what());
  }
  const Value* command = value.find("command");
  if (command && *command == Value("adopt")) return {ControlRequest::Command::adopt};
  throw Rejection(Cause::invalid, (command ? compact(*command) + " is no command" : std::string("a command is missing")) +
                                      "; there is \"adopt\"");
}

}  // namespace statusfs
