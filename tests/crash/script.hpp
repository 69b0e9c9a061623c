// A script of mutations on a simulated disk, and what must be found after it, whatever failed on the way.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/crash/simulated_files.hpp"

namespace statusfs::crash {

inline const std::string json_path = "/source/exec_status_7.txt";
inline const std::string journal_path = json_path + ".journal";

/// What the script was told. Records are journal lines without newline.
struct History {
  struct Mark {
    std::size_t operations = 0;  ///< of the disk's log, when it was answered
    std::string record;
  };
  std::vector<Mark> acknowledged;
  std::vector<Mark> refused;      ///< must be nowhere
  std::set<std::string> unknown;  ///< in flight, or failed with an unknown outcome

  /// As it stood when the disk's log had so many operations: what was answered later was in flight at most.
  History before(std::size_t operations) const;
};

/// A disk with a plain status file on it.
SimulatedFiles fresh_files();

/// Adopts the file and makes more than 40 mutations, some in groups, with the JSON brought up to date now and then.
/// Goes on after every refusal, as the engine does.
History run_script(SimulatedFiles& files);

/// Recovers twice from the disk; empty, or what is wrong with what was found. `recovery` receives the files of the
/// first one.
std::string problem_after(const DiskState& state, const History& history, SimulatedFiles* recovery = nullptr);

/// What a mount does that comes and goes: loads, whatever comes of it.
void load_once(SimulatedFiles& files);

}  // namespace statusfs::crash
