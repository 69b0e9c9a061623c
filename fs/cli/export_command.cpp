#include <filesystem>
#include <limits>

#include "fs/cli/mapping_source.hpp"
#include "fs/cli/mount_options.hpp"
#include "fs/cli/offline_store.hpp"
#include "fs/cli/progress.hpp"
#include "fs/cli/transfer_commands.hpp"
#include "fs/cli/transfer_outcome.hpp"
#include "fs/store/etcd/key_layout.hpp"
#include "fs/store/etcd/stored_head.hpp"
#include "fs/store/file_names.hpp"
#include "fs/store/local/closed_journals.hpp"
#include "fs/store/local/journal_file.hpp"
#include "fs/store/local/local_store.hpp"
#include "fs/store/local/posix_files.hpp"
#include "fs/store/local/side_file.hpp"
#include "mapping/chain/replay.hpp"

namespace statusfs {
namespace {

constexpr std::string_view partial_suffix = ".partial";
constexpr std::int64_t records_a_page = 50;

[[noreturn]] void refuse(const std::string& name, const std::string& reason) {
  throw CommandError(ExitStatus::unusable, about(name, reason));
}

void write_all(File& file, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const std::size_t count = file.write_at(bytes, offset);
    bytes.remove_prefix(count);
    offset += count;
  }
}

// The new text as a whole, or what was there before. Whose it is and who may read it stays.
void put_file(Files& files, const std::string& path, std::string_view text) {
  const auto present = files.status(path);
  Temporary next(files, path, present && present->is_regular ? *present : ordinary_attributes());
  write_durably(next.file(), text);
  next.replace();
  files.sync_directory(directory_of(path));
}

// One status file on its way out of etcd.
class Export {
 public:
  Export(EtcdClient& client, const KeyLayout& layout, std::string stem, const std::string& directory,
         std::shared_ptr<const Mapping> mapping)
      : client_(client),
        layout_(layout),
        stem_(std::move(stem)),
        path_(directory + "/" + file_name_of(stem_)),
        journal_path_(journal_of(path_)),
        partial_path_(journal_path_ + std::string(partial_suffix)),
        mapping_(std::move(mapping)),
        replay_(mapping_, ReplayDepth::verified) {}

  /// False where the directory has the very same already.
  bool run() {
    const auto answer = client_.range({layout_.head(stem_)});
    if (answer.entries.empty()) refuse(stem_, "is not in etcd any more");
    const StoredHead head = decode_head(answer.entries.front().value);
    hold_journal();
    const bool was_there = files_.status(path_).has_value();
    if (was_there && !journal_) refuse(path_, "has no journal, so it may be anything; export to another directory");
    if (has_closed_journals())
      refuse(path_, "has closed journals beside it, and export writes one that holds all; export to another directory");
    open_partial();
    const bool is_complete = journal_ && !goes_on_ && leads_to(head);
    if (is_complete) {
      files_.unlink(partial_path_);
    } else {
      fetch(head, answer.revision);
      if (!leads_to(head)) refuse(stem_, "its records do not lead to its head");
      publish();
    }
    let_go();
    bring_json_up_to_date();
    return !is_complete || !was_there;
  }

 private:
  bool leads_to(const StoredHead& head) const { return replay_.lines() > 0 && replay_.head() == head.chain; }

  bool has_closed_journals() {
    return !closed_journals(files_, path_, std::numeric_limits<std::uint64_t>::max()).empty();
  }

  // Nobody else writes the status file until the new journal has its name.
  void hold_journal() {
    journal_ = JournalFile::open(files_, journal_path_, JournalFile::Access::exclusive, LocalOptions().journal_wait);
    if (!journal_) return;
    auto reader = journal_->read();
    while (const auto line = reader.next()) earlier_.append(*line).append("\n");
  }

  // Takes up what an earlier export left: a partial journal, or a whole one of an earlier version.
  void open_partial() {
    partial_ = files_.open(partial_path_, Files::Open::write);
    goes_on_ = partial_ != nullptr;
    if (!partial_) partial_ = files_.open(partial_path_, Files::Open::create);
    // Another export gives it its name as a journal, and lets go of it then.
    const auto named = partial_->try_lock() ? files_.status(partial_path_) : std::nullopt;
    if (!named || !named->is_same_file(partial_->status())) refuse(partial_path_, "is being written by another export");
    if (!goes_on_) {
      partial_->set_mode(ordinary_attributes().mode);
      write_durably(*partial_, earlier_);
    }
    if (journal_) match_attributes(*partial_, journal_->status());
    replay_partial();
    partial_->truncate(size_);
  }

  void replay_partial() try {
    const std::string text = read_all(*partial_);
    for (std::size_t start = 0, end = 0; (end = text.find('\n', start)) != std::string::npos; start = end + 1) {
      replay_.apply(std::string_view(text).substr(start, end - start));
      size_ = end + 1;
    }
  } catch (const TamperError& error) {
    refuse_what_is_there(error.what());
  }

  // Nothing is left that the next export would take up.
  [[noreturn]] void refuse_what_is_there(const std::string& reason) {
    if (!goes_on_) files_.unlink(partial_path_);  // a copy of the journal
    refuse(goes_on_ ? partial_path_ : journal_path_, reason);
  }

  // A journal that says more than what was fetched, or something else, is not replaced: it would be lost.
  void publish() {
    partial_->sync();
    if (!journal_) {
      files_.rename_new(partial_path_, journal_path_);
    } else {
      if (!read_all(*partial_).starts_with(earlier_))
        refuse(journal_path_, "is of another history than " + stem_ + " in etcd; export to another directory");
      files_.rename(partial_path_, journal_path_);
    }
    files_.sync_directory(directory_of(journal_path_));
  }

  void let_go() {
    partial_.reset();
    journal_.reset();
  }

  // As recovery does it: under the file's lock, and never over what is no version of it.
  void bring_json_up_to_date() {
    LocalStore store(path_, mapping_, files_);
    if (const StoredFile stored = load_and_settle(store); !stored.reason.empty()) refuse(path_, stored.reason);
  }

  void fetch(const StoredHead& head, std::int64_t revision) {
    const std::string all = layout_.records(stem_);
    EtcdRange range{all, end_of_prefix(all)};
    range.revision = revision;
    range.limit = records_a_page;
    if (replay_.lines() > 0) range.first = key_of_last();
    bool is_known = replay_.lines() > 0;
    Progress progress;
    progress.begin("exporting " + stem_, head.chain.version);
    client_.range_in_pages(range, [&](EtcdKeyValue& entry) {
      if (is_known) {
        if (decode_record(entry.value).record_hash != replay_.last().record_hash)
          refuse_what_is_there("is of another history than " + stem_ + " in etcd; export to another directory");
        is_known = false;
        return true;
      }
      replay_.apply(entry.value);
      write_all(*partial_, entry.value + '\n', size_);
      size_ += entry.value.size() + 1;
      progress.reach(replay_.last().version);
      return true;
    });
    if (is_known) refuse_what_is_there("is ahead of " + stem_ + " in etcd; export to another directory");
  }

  std::string key_of_last() const {
    return layout_.record(stem_, replay_.last().version, replay_.lines() > 1 && is_rotation(replay_.last()));
  }

  EtcdClient& client_;
  const KeyLayout& layout_;
  const std::string stem_, path_, journal_path_, partial_path_;
  const std::shared_ptr<const Mapping> mapping_;
  PosixFiles files_;
  Replay replay_;
  std::unique_ptr<JournalFile> journal_;  // the one that stands there, locked; nullptr where there is none
  std::string earlier_;                   // its lines
  std::unique_ptr<File> partial_;         // locked
  bool goes_on_ = false;                  // the partial one is of an export that was broken off
  std::uint64_t size_ = 0;
};

bool is_exported_anew(EtcdClient& client, const KeyLayout& layout, const std::string& stem,
                      const std::string& directory, const std::shared_ptr<const Mapping>& mapping) try {
  return Export(client, layout, stem, directory, mapping).run();
} catch (const JournalHeld& held) {
  refuse(stem, held.what());
} catch (const TamperError& error) {
  refuse(stem, error.what());
}

void make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) refuse(path, error.message());
}

// The directory itself is made for the first file, so that an export of nothing leaves nothing.
void require_directory_or_nothing(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error) && !std::filesystem::is_directory(path, error))
    refuse(path, "is not a directory");
}

}  // namespace

ExitStatus export_command(const TransferArguments& arguments) try {
  const EtcdSettings settings = read_etcd_options(arguments.options);
  const EtcdAddress address = etcd_address(arguments.from);
  const auto mapping = load_mapping_file(arguments.mapping);
  require_directory_or_nothing(arguments.to);
  EtcdClient client(etcd_access(address, settings));
  const KeyLayout layout(address.prefix);
  TransferOutcome outcome;
  bool is_anything = false;
  EtcdRange heads{layout.heads(), end_of_prefix(layout.heads())};
  heads.keys_only = true;
  client.range_in_pages(heads, [&](EtcdKeyValue& entry) {
    const std::string stem = layout.meaning_of(entry.key).name;
    if (!stem_of(file_name_of(stem))) return true;  // somebody else's
    is_anything = true;
    make_directory(arguments.to);
    outcome.add(stem, [&] {
      return is_exported_anew(client, layout, stem, arguments.to, mapping) ? "exported" : "is there already";
    });
    return true;
  });
  EtcdRange plans{layout.plans(), end_of_prefix(layout.plans())};
  plans.limit = 20;
  PosixFiles files;
  client.range_in_pages(plans, [&](EtcdKeyValue& entry) {
    const std::string name = layout.meaning_of(entry.key).name;
    if (!is_plan_name(name)) return true;
    is_anything = true;
    make_directory(arguments.to);
    outcome.add(name, [&] {
      put_file(files, arguments.to + "/" + name, entry.value);
      return "exported";
    });
    return true;
  });
  if (!is_anything) throw CommandError(ExitStatus::unusable, arguments.from + ": has no status file and no plan");
  return outcome.finish();
} catch (const CommandError&) {
  throw;
} catch (const std::exception& error) {
  throw CommandError(ExitStatus::unusable, arguments.from + ": " + error.what());
}

}  // namespace statusfs
