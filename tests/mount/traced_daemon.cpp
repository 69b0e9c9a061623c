#include "tests/mount/traced_daemon.hpp"

namespace statusfs::test {
namespace {

Arguments traced(const Arguments& command, const Injection& injection, const std::vector<Path>& paths,
                 const Path& trace_file) {
  Arguments arguments = {"strace", "-f",
                         "-qq",    "-y",
                         "-o",     trace_file.string(),
                         "-e",     "trace=" + injection.system_call + ",close",
                         "-e",     "inject=" + injection.text()};
  for (const Path& path : paths) {
    arguments.push_back("-P");
    arguments.push_back(path.string());
  }
  arguments.insert(arguments.end(), command.begin(), command.end());
  return arguments;
}

CommandOptions without_leak_check() {
  CommandOptions options;
  // The leak check of the address sanitizer cannot work in a process that is traced.
  const char* given = std::getenv("ASAN_OPTIONS");
  options.environment["ASAN_OPTIONS"] = std::string(given != nullptr ? given : "") + ":detect_leaks=0";
  return options;
}

}  // namespace

Path temporary_of(const Path& file) { return file.parent_path() / ("." + file.filename().string() + ".statusfs-new"); }

std::vector<Path> paths_of(const Path& status_file) {
  const Path journal = status_file.string() + ".journal";
  return {status_file,
          journal,
          temporary_of(status_file),
          temporary_of(journal),
          status_file.string() + ".lock",
          status_file.parent_path()};
}

TracedProgram::TracedProgram(const Arguments& command, const Injection& injection, const std::vector<Path>& paths,
                             const Path& directory)
    : trace_file_(directory / "trace") {
  std::filesystem::remove(trace_file_);
  strace_ = std::make_unique<Process>(traced(command, injection, paths, trace_file_), without_leak_check(),
                                      directory / "traced.log");
}

bool TracedProgram::was_met() const {
  const std::string text = trace();
  return text.find("(INJECTED)") != std::string::npos || text.find("killed by SIGKILL") != std::string::npos;
}

}  // namespace statusfs::test
