#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <functional>
#include <iostream>

#include "fs/cli/file_commands.hpp"
#include "fs/cli/integrity_commands.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/memory_policy.hpp"
#include "fs/cli/mount_command.hpp"
#include "fs/cli/mount_options.hpp"
#include "fs/cli/shared_options.hpp"
#include "fs/cli/standard_descriptors.hpp"
#include "fs/cli/transfer_commands.hpp"

namespace statusfs {
namespace {

constexpr const char* exit_status_help =
    "Exit status: 0 done, 1 usage, 2 SOURCE or a named file unusable or a check found something, 3 mount failed, 4 the "
    "time of wait was over.";

std::string options_help(bool only_of_etcd) {
  std::string text = only_of_etcd ? "Options of etcd (-o):\n" : "Mount options (-o):\n";
  for (const MountOption& option : mount_options()) {
    if (only_of_etcd && !option.is_of_etcd) continue;
    std::string name(option.name);
    if (!option.value.empty()) name += "=" + std::string(option.value);
    text += "  " + name + std::string(name.size() < 22 ? 22 - name.size() : 1, ' ') + std::string(option.help) + "\n";
  }
  if (only_of_etcd) return text;
  return text + "  and those of mount(8): rw, nosuid, nodev, noexec, noatime, ... ; fstab's own are passed over\n";
}

// Empty where the words are a time in seconds. CLI11's own range lets "nan" pass, and names its limits in 309 digits.
std::string refusal_of_timeout(const std::string& words) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(words.data(), words.data() + words.size(), seconds);
  const bool is_number = error == std::errc() && end == words.data() + words.size();
  return is_number && std::isfinite(seconds) && seconds >= 0 ? "" : "takes a number of seconds, 0 or more: " + words;
}

// Every command line of statusfs. The first subcommand that was named sets `run`.
class CommandLine {
 public:
  CommandLine() : app_("statusfs: status files as a file system", "statusfs") {
    app_.require_subcommand(0, 1);
    app_.set_version_flag("--version", "statusfs " STATUSFS_VERSION);
    app_.footer(exit_status_help);
    add_mount();
    add_file_commands();
    app_.footer(options_help(false) + "\n" + exit_status_help);
  }

  int run(int count, char** words) {
    try {
      app_.parse(count, words);
    } catch (const CLI::ParseError& error) {
      if (app_.exit(error) != 0) return static_cast<int>(ExitStatus::usage);
      run_ = [] { return ExitStatus::done; };  // it was --help or --version, which is printed
      return guarded();
    }
    if (!app_.get_subcommands().empty() && mount_.is_any())
      return refuse(
          "SOURCE, MOUNTPOINT, -o, -f and -d of a mount do not go with a command, whose own words follow its name");
    if (app_.get_subcommands().empty()) {
      if (mount_.source.empty() || mount_.mountpoint.empty())
        return refuse("SOURCE and MOUNTPOINT are needed; statusfs --help tells more");
      run_ = [this] { return mount_command(mount_); };
    }
    return guarded();
  }

 private:
  void add_mount() {
    app_.add_option("SOURCE", mount_.source,
                    "directory of exec_status_*.txt files, one such file, or etcd://HOST:PORT[,HOST:PORT...]/PREFIX");
    app_.add_option("MOUNTPOINT", mount_.mountpoint, "directory to mount on");
    app_.add_option("-o", mount_.options, "mount options, separated by commas")
        ->type_name("OPT,...")
        ->allow_extra_args(false);
    app_.add_flag("-f", mount_.foreground, "stay in the foreground");
    app_.add_flag("-d", mount_.debug, "stay in the foreground and print every request");
  }

  CLI::App* add(const std::string& name, const std::string& help, const char* argument, const char* argument_help,
                std::function<ExitStatus()> run) {
    CLI::App* command = app_.add_subcommand(name, help);
    if (argument) command->add_option(argument, argument_, argument_help)->required();
    command->callback([this, run = std::move(run)] { run_ = run; });
    return command;
  }

  void add_signing_option(CLI::App* command) {
    add_mapping_option(*command, mapping_);
    add_text_option(*command, "--signing-key", signing_key_, "sign the JSON with this Ed25519 key (PEM, mode 0600)");
  }

  void add_file_commands() {
    CLI::App* umount = add("umount", "unmount, and return when everything is on disk", "MOUNTPOINT",
                           "where it is mounted", [this] { return umount_command(argument_, only_dead_); });
    umount->add_flag("--if-dead", only_dead_, "only a mount whose daemon died; it is no error where there is none");
    add_mapping_option(*add("init", "create exec_status_<g>.txt beside exec_plan_<g>.txt; never over an existing one",
                            "PLAN_FILE", "the plan", [this] { return init_command(argument_, mapping_); }),
                       mapping_);
    add_mapping_option(
        *add("check", "validate against the mapping; every finding with its JSON pointer", "FILE|DIR",
             "status file, or a directory of them", [this] { return check_command(argument_, mapping_); }),
        mapping_);
    CLI::App* verify =
        add("verify", "recompute every hash and the whole journal; the JSON must be its head", "FILE|DIR",
            "status file, or a directory of them", [this] { return verify_command(argument_, mapping_, verify_); });
    add_mapping_option(*verify, mapping_);
    verify->add_flag("--json", verify_.json, "one JSON object a file");
    add_text_option(*verify, "--anchor", verify_.anchor, "a line that statusfs anchor printed", "LINE");
    add_text_option(*verify, "--public-key", verify_.public_key,
                    "the JSON (FILE.sig) and the anchor must be signed by this key (PEM)");
    add_signing_option(add("recover", "bring the JSON up to date from its journal without mounting", "FILE|DIR",
                           "status file, or a directory of them",
                           [this] { return recover_command(argument_, mapping_, signing_key_); }));
    add_signing_option(add("adopt", "start a chain with the current content", "FILE", "status file",
                           [this] { return adopt_command(argument_, mapping_, signing_key_); }));
    add("selftest", "mount a sample in a temporary directory, use it, and say what works on this machine", nullptr,
        nullptr, [] { return selftest_command(); });
    constexpr const char* place_in_etcd = "etcd://HOST:PORT[,HOST:PORT...]/PREFIX";
    add_transfer("import", "put the status files of a directory into etcd, with their history", "DIR", place_in_etcd,
                 import_command);
    add_transfer("export", "write the status files of a prefix in etcd to a directory, with their history",
                 place_in_etcd, "DIR", export_command);
    add_integrity_commands(app_, [this](std::function<ExitStatus()> run) { run_ = std::move(run); });
    CLI::App* wait = add("wait", "wait until a field or a status file of a mount changes", "FILE|FIELD",
                         "what to wait for", [this] { return wait_command(argument_, until_, timeout_); });
    // Not into the optional itself, which an empty value would leave without one: a field that is null reads as that.
    wait->add_option_function<std::string>(
            "--until", [this](const std::string& value) { until_ = value; },
            "until it has this value, also if it has it already")
        ->type_name("VALUE");
    wait->add_option("--timeout", timeout_, "at most so long, in seconds")
        ->type_name("S")
        ->check(CLI::Validator(refusal_of_timeout, ""));
    add_mapping_option(*add("mapping", "print the mapping in force (YAML)", nullptr, nullptr,
                            [this] {
                              std::cout << load_mapping_file(mapping_)->text;
                              return ExitStatus::done;
                            }),
                       mapping_);
  }

  void add_transfer(const std::string& name, const std::string& help, const char* from, const char* to,
                    ExitStatus (*run)(const TransferArguments&)) {
    CLI::App* command = app_.add_subcommand(name, help);
    command->add_option("FROM", transfer_.from, from)->required();
    command->add_option("TO", transfer_.to, to)->required();
    command->add_option("-o", transfer_.options, "those of etcd, as for mounting")
        ->type_name("OPT,...")
        ->allow_extra_args(false);
    add_mapping_option(*command, transfer_.mapping);
    command->footer(options_help(true) + "\n" + exit_status_help);
    command->callback([this, run] { run_ = [this, run] { return run(transfer_); }; });
  }

  static int refuse(const std::string& message) {
    std::cerr << "statusfs: " << message << '\n';
    return static_cast<int>(ExitStatus::usage);
  }

  int guarded() {
    try {
      const ExitStatus status = run_();
      if (!std::cout.flush()) throw CommandError(ExitStatus::unusable, "standard output cannot be written");
      return static_cast<int>(status);
    } catch (const CommandError& error) {
      std::cerr << "statusfs: " << error.what() << '\n';
      return static_cast<int>(error.status());
    } catch (const std::exception& error) {
      std::cerr << "statusfs: " << error.what() << '\n';
      return static_cast<int>(ExitStatus::unusable);
    }
  }

  CLI::App app_;
  MountArguments mount_;
  std::string argument_;
  std::optional<std::string> mapping_;
  std::string signing_key_;
  VerifyOptions verify_;
  bool only_dead_ = false;
  TransferArguments transfer_;
  std::optional<std::string> until_;
  std::optional<double> timeout_;
  std::function<ExitStatus()> run_;
};

}  // namespace
}  // namespace statusfs

int main(int count, char** words) {
  if (!statusfs::keep_standard_descriptors()) return static_cast<int>(statusfs::ExitStatus::unusable);
  statusfs::return_memory_early();
  return statusfs::CommandLine().run(count, words);
}
