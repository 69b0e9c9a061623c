// A fixed amount of one kind of work, for counting its instructions: bench_workload write|parse|render|verify.
// What is counted stands in functions named measured_...; check_instructions tells callgrind so.
#include <iostream>
#include <string_view>
#include <vector>

#include "mapping/chain/replay.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"
#include "tests/bench/sample_plan.hpp"

namespace {

using namespace statusfs;
using namespace statusfs::bench;

constexpr std::size_t tasks = 100;
constexpr std::size_t writes = 200;
constexpr std::size_t repetitions = 5;

[[gnu::noinline]] std::vector<std::string> measured_writes(FieldWriter& writer) {
  std::vector<std::string> journal;
  for (std::size_t number = 0; number < writes; ++number) journal.push_back(writer.write().record);
  return journal;
}

[[gnu::noinline]] std::size_t measured_parsing(const std::string& text) {
  std::size_t size = 0;
  for (std::size_t number = 0; number < repetitions; ++number) size += parse_json(text).size();
  return size;
}

[[gnu::noinline]] std::size_t measured_rendering(const StatusDocument& document) {
  std::size_t size = 0;
  for (std::size_t number = 0; number < repetitions; ++number) size += indented_document(document.root()).size();
  return size;
}

[[gnu::noinline]] std::size_t measured_verification(const std::vector<std::string>& journal) {
  Replay replay(default_mapping(), ReplayDepth::verified);
  for (const std::string& line : journal) replay.apply(line);
  return replay.lines();
}

std::vector<std::string> whole_journal() {
  const Version first =
      begin_chain(sample_plan(tasks), {"exec_status_125", "exec_plan_125", {}, 1}, next_stamp(ChainHead()), "adopt");
  FieldWriter writer(sample_plan(tasks));
  std::vector<std::string> journal{first.record};
  for (std::string& line : measured_writes(writer)) journal.push_back(std::move(line));
  return journal;
}

}  // namespace

int main(int count, char** words) {
  const std::string_view work = count == 2 ? words[1] : "";
  std::size_t done = 0;
  if (work == "write") {
    FieldWriter writer(sample_plan(tasks));
    done = measured_writes(writer).size();
  } else if (work == "parse") {
    done = measured_parsing(indented_document(sample_plan(tasks).root()));
  } else if (work == "render") {
    done = measured_rendering(sample_plan(tasks));
  } else if (work == "verify") {
    done = measured_verification(whole_journal());
  } else {
    std::cerr << "usage: bench_workload write|parse|render|verify\n";
    return 1;
  }
  return done > 0 ? 0 : 1;
}
