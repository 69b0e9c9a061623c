#include "fs/cli/integrity_commands.hpp"

#include <CLI/CLI.hpp>
#include <memory>

#include "fs/cli/shared_options.hpp"

namespace statusfs {
namespace {

constexpr const char* signing_help = "sign the JSON with this Ed25519 key (PEM, mode 0600); a mount uses its own";

using SetRun = std::function<void(std::function<ExitStatus()>)>;
using Command = ExitStatus (*)(const HistoryArguments&);

class Commands {
 public:
  Commands(CLI::App& app, const SetRun& set_run)
      : app_(app), set_run_(set_run), arguments_(std::make_shared<HistoryArguments>()) {}

  void add_all() {
    add_readers();
    add_writers();
  }

 private:
  CLI::App* add(const std::string& name, const std::string& help, const char* file, const char* file_help,
                Command run) {
    CLI::App* command = app_.add_subcommand(name, help);
    command->add_option(file, arguments_->file, file_help)->required();
    add_mapping_option(*command, arguments_->mapping);
    command->callback(
        [set_run = set_run_, arguments = arguments_, run] { set_run([arguments, run] { return run(*arguments); }); });
    return command;
  }

  // Digits alone: "-1" would be read as the largest number there is.
  static void add_version(CLI::App* command, const char* name, std::uint64_t& version) {
    const auto refuse_others = [](const std::string& text) {
      const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
      return is_number ? std::string() : "a version is a number, not '" + text + "'";
    };
    command->add_option(name, version, "version")->required()->check(CLI::Validator(refuse_others, ""));
  }

  void add_task(CLI::App* command, const char* help) {
    add_text_option(*command, "--task", arguments_->task, help, "ID");
  }

  void add_signing_key(CLI::App* command, const char* help) {
    add_text_option(*command, "--signing-key", arguments_->signing_key, help);
  }

  void add_readers() {
    CLI::App* log = add("log", "a line for every version: who changed what", "FILE", "status file", log_command);
    add_task(log, "only versions that touch this task");
    log->add_flag("--json", arguments_->json, "one JSON object a line");
    add("show", "print the file as it was at a version", "FILE@V", "status file, and the version behind an @",
        show_command);
    CLI::App* diff =
        add("diff", "what is different between two versions, by field", "FILE", "status file", diff_command);
    add_version(diff, "V1", arguments_->version);
    add_version(diff, "V2", arguments_->other_version);
    CLI::App* blame =
        add("blame", "who set a value, when, and what it was before", "FILE", "status file", blame_command);
    blame->add_option("PATH", arguments_->path, "path in the tree, or JSON pointer")->required();
    blame->add_flag("--json", arguments_->json, "as a JSON object");
    CLI::App* anchor = add("anchor", "print one line that says where the chain stands, to be kept elsewhere", "FILE",
                           "status file", anchor_command);
    add_signing_key(anchor, "sign it with this Ed25519 key (PEM, mode 0600)");
  }

  void add_writers() {
    CLI::App* rollback = add("rollback", "a new version with the content of an old one; logs and locks are kept",
                             "FILE", "status file", rollback_command);
    add_version(rollback, "V", arguments_->version);
    add_task(rollback, "only this task");
    add_signing_key(rollback, signing_help);
    CLI::App* reconcile = add("reconcile", "end a quarantine: decide about the foreign content", "FILE", "status file",
                              reconcile_command);
    CLI::Option* ours = reconcile->add_flag("--ours", arguments_->ours, "our content stays");
    CLI::Option* theirs =
        reconcile->add_flag("--theirs", arguments_->theirs, "the foreign content, as far as the rules allow it");
    CLI::Option* merge = reconcile->add_flag("--merge", arguments_->merge, "both, by field");
    add_signing_key(reconcile, signing_help);
    ours->excludes(theirs)->excludes(merge);
    theirs->excludes(merge);
    reconcile->add_option("--prefer", arguments_->prefer, "the side that wins where both changed a field")
        ->check(CLI::IsMember({"ours", "theirs"}))
        ->needs(merge)
        ->type_name("ours|theirs");
  }

  CLI::App& app_;
  const SetRun& set_run_;
  const std::shared_ptr<HistoryArguments> arguments_;
};

}  // namespace

void add_integrity_commands(CLI::App& app, const SetRun& set_run) { Commands(app, set_run).add_all(); }

}  // namespace statusfs
