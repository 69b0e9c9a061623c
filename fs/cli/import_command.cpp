#include <filesystem>
#include <optional>
#include <utility>

#include "fs/cli/mapping_source.hpp"
#include "fs/cli/mount_options.hpp"
#include "fs/cli/progress.hpp"
#include "fs/cli/status_targets.hpp"
#include "fs/cli/transfer_commands.hpp"
#include "fs/cli/transfer_outcome.hpp"
#include "fs/engine/file_state.hpp"
#include "fs/engine/plan_file.hpp"
#include "fs/store/etcd/commit_transaction.hpp"
#include "fs/store/etcd/key_layout.hpp"
#include "fs/store/etcd/stored_document.hpp"
#include "fs/store/local/local_store.hpp"
#include "fs/store/local/plan_reader.hpp"
#include "fs/store/local/posix_files.hpp"
#include "mapping/chain/replay.hpp"

namespace statusfs {
namespace {

// etcd takes 128 operations and 1.5 MiB a request.
constexpr std::size_t most_records = 100;
constexpr std::size_t most_bytes = 512 * 1024;

[[noreturn]] void refuse_import(const std::string& name, const std::string& reason) {
  throw CommandError(ExitStatus::unusable, about(name, reason));
}

// One status file on its way into etcd.
class Import {
 public:
  Import(EtcdClient& client, const KeyLayout& layout, const StatusTarget& target,
         std::shared_ptr<const Mapping> mapping)
      : client_(client),
        layout_(layout),
        target_(target),
        mapping_(std::move(mapping)),
        replay_(mapping_, ReplayDepth::verified) {}

  /// False where etcd has the very same already.
  bool run() {
    LocalOptions options;
    options.read_only = true;
    PosixFiles files;
    LocalStore store(target_.path, mapping_, files, options);
    const StoredFile stored = store.load();
    if (stored.has_foreign_content)
      refuse_import(target_.path,
                    "holds what is not in its journal, and would be lost; mount it, which adopts it or keeps it aside, "
                    "and import it then");
    if (stored.state != StoredFile::State::chained)
      refuse_import(target_.path, stored.reason.empty() ? "has no chain; statusfs adopt begins one" : stored.reason);
    const auto head = client_.range({layout_.head(target_.stem)}).entries;
    if (!head.empty()) {
      if (decode_head(head.front().value).chain == stored.head) return false;
      refuse_import(target_.path, "there is another " + target_.stem + " in etcd already");
    }
    find_what_is_there();
    Progress progress;
    progress.begin("importing " + target_.stem, stored.head.version);
    store.read_records(0, [&](std::string_view line) {
      take(std::string(line));
      progress.reach(replay_.last().version);
      return true;
    });
    send();
    if (!last_there_.empty() && !met_last_)
      refuse_import(target_.path, "the records of " + target_.stem + " in etcd go further, or are of another history");
    if (!(replay_.head() == stored.head)) refuse_import(target_.path, "was changed meanwhile; import it again");
    publish(stored);
    return true;
  }

 private:
  // Of an import that was broken off: the records from the first one on.
  void find_what_is_there() {
    const std::string all = layout_.records(target_.stem);
    EtcdRange range{all, end_of_prefix(all)};
    range.newest_first = true;
    range.limit = 1;
    const auto newest = client_.range(range).entries;
    if (!newest.empty()) last_there_ = newest.front().key;
  }

  void take(std::string line) {
    replay_.apply(line);
    const JournalRecord& record = replay_.last();
    const std::string key = layout_.record(target_.stem, record.version, replay_.lines() > 1 && is_rotation(record));
    if (key <= last_there_) return require_same(key, line);
    bytes_ += line.size();
    pending_.push_back({key, std::move(line)});
    if (pending_.size() >= most_records || bytes_ >= most_bytes) send();
  }

  void require_same(const std::string& key, const std::string& line) {
    if (key != last_there_) return;  // the chain binds those before it
    const auto there = client_.range({key}).entries;
    if (there.empty() || there.front().value != line)
      refuse_import(target_.path, "the records of " + target_.stem + " in etcd are of another history");
    met_last_ = true;
  }

  void send() {
    if (pending_.empty()) return;
    EtcdTransaction transaction;
    for (EtcdPut& put : pending_) {
      transaction.compare.push_back({put.key, 0});
      transaction.puts.push_back(std::move(put));
    }
    pending_.clear();
    bytes_ = 0;
    if (!client_.transact(transaction).succeeded)
      refuse_import(target_.path, "somebody else imports it at the same time");
  }

  // The head makes it visible; the counter is raised with it, so that no number comes again.
  void publish(const StoredFile& stored) {
    FileState state;
    state.document = stored.document;
    state.head = stored.head;
    const std::int64_t largest = largest_g_in(state);
    for (;;) {
      StoredHead head;
      head.chain = stored.head;
      EtcdTransaction transaction;
      transaction.puts = store_document(client_, layout_, target_.stem, *stored.document, head);
      transaction.compare.push_back({layout_.head(target_.stem), 0});
      const auto counter = client_.range({layout_.counter()}).entries;
      const std::int64_t g = counter.empty() ? 0 : counter_value(counter.front().value);
      transaction.compare.push_back({layout_.counter(), counter.empty() ? 0 : counter.front().modified});
      transaction.puts.push_back({layout_.counter(), std::to_string(std::max(g, largest))});
      transaction.puts.push_back({layout_.head(target_.stem), encode_head(head)});
      if (client_.transact(transaction).succeeded) return;
      if (!client_.range({layout_.head(target_.stem)}).entries.empty())
        refuse_import(target_.path, "somebody else imported it at the same time");
    }
  }

  EtcdClient& client_;
  const KeyLayout& layout_;
  const StatusTarget& target_;
  const std::shared_ptr<const Mapping> mapping_;
  Replay replay_;
  std::string last_there_;  // the key of the newest record that etcd has already; empty: none
  bool met_last_ = false;   // the journal has the very same
  std::vector<EtcdPut> pending_;
  std::size_t bytes_ = 0;
};

bool is_imported_anew(EtcdClient& client, const KeyLayout& layout, const StatusTarget& target,
                      const std::shared_ptr<const Mapping>& mapping) try {
  return Import(client, layout, target, mapping).run();
} catch (const TamperError& error) {
  refuse_import(target.path, error.what());
}

void import_plan(EtcdClient& client, const KeyLayout& layout, const std::string& directory, const std::string& name) {
  const std::string path = directory + "/" + name;
  std::optional<std::string> text;
  try {
    text = read_plan_text(path);  // as a mount reads it: no link out of the directory is followed
  } catch (const std::exception& error) {
    refuse_import(path, error.what());
  }
  if (!text) refuse_import(path, "is missing");
  EtcdTransaction transaction;
  transaction.puts.push_back({layout.plans() + name, std::move(*text)});
  client.transact(transaction);
}

void import_plans(EtcdClient& client, const KeyLayout& layout, const std::string& directory, TransferOutcome& outcome) {
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (!is_plan_name(name) || !(entry.is_symlink() || entry.is_regular_file())) continue;
    outcome.add(name, [&] {
      import_plan(client, layout, directory, name);
      return "imported";
    });
  }
}

}  // namespace

ExitStatus import_command(const TransferArguments& arguments) try {
  const EtcdSettings settings = read_etcd_options(arguments.options);
  const EtcdAddress address = etcd_address(arguments.to);
  const auto mapping = load_mapping_file(arguments.mapping);
  if (!std::filesystem::is_directory(arguments.from)) refuse_import(arguments.from, "is no directory");
  EtcdClient client(etcd_access(address, settings));
  const KeyLayout layout(address.prefix);
  TransferOutcome outcome;
  for (const StatusTarget& target : status_targets(arguments.from))
    outcome.add(target.stem,
                [&] { return is_imported_anew(client, layout, target, mapping) ? "imported" : "is in etcd already"; });
  import_plans(client, layout, arguments.from, outcome);
  return outcome.finish();
} catch (const CommandError&) {
  throw;
} catch (const std::exception& error) {
  throw CommandError(ExitStatus::unusable, arguments.to + ": " + error.what());
}

}  // namespace statusfs
