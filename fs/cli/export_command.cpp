#include <filesystem>
#include <iostream>

#include "fs/cli/mapping_source.hpp"
#include "fs/cli/mount_options.hpp"
#include "fs/cli/progress.hpp"
#include "fs/cli/transfer_commands.hpp"
#include "fs/engine/plan_file.hpp"
#include "fs/store/etcd/key_layout.hpp"
#include "fs/store/etcd/stored_head.hpp"
#include "fs/store/local/posix_files.hpp"
#include "fs/store/local/side_file.hpp"
#include "fs/store/status_source.hpp"
#include "mapping/chain/replay.hpp"
#include "mapping/document/text.hpp"

namespace statusfs {
namespace {

constexpr std::string_view partial_suffix = ".partial";
constexpr std::int64_t records_a_page = 50;

[[noreturn]] void refuse(const std::string& name, const std::string& reason) {
  throw CommandError(ExitStatus::unusable, name + ": " + reason);
}

void write_all(File& file, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const std::size_t count = file.write_at(bytes, offset);
    bytes.remove_prefix(count);
    offset += count;
  }
}

// A file that is there as a whole, or not at all.
void put_file(Files& files, const std::string& path, std::string_view text) {
  const std::string temporary = path + std::string(partial_suffix);
  files.unlink(temporary);
  const auto file = files.open(temporary, Files::Open::create);
  file->set_mode(0644);
  write_all(*file, text, 0);
  file->sync();
  files.rename(temporary, path);
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
        journal_path_(path_ + ".journal"),
        partial_path_(journal_path_ + std::string(partial_suffix)),
        mapping_(std::move(mapping)),
        replay_(mapping_, ReplayDepth::verified) {}

  /// False where the directory has the very same already.
  bool run() {
    const auto answer = client_.range({layout_.head(stem_)});
    if (answer.entries.empty()) refuse(stem_, "is not in etcd any more");
    const StoredHead head = decode_head(answer.entries.front().value);
    open_partial();
    const bool was_complete =
        replay_.lines() > 0 && replay_.head() == head.chain && files_.status(journal_path_).has_value();
    if (was_complete && files_.status(path_)) {
      partial_.reset();
      files_.unlink(partial_path_);
      return false;
    }
    fetch(head, answer.revision);
    if (!(replay_.head() == head.chain)) refuse(stem_, "its records do not lead to its head");
    partial_->sync();
    partial_.reset();
    files_.rename(partial_path_, journal_path_);
    put_file(files_, path_, indented_document(replay_.root()));
    return true;
  }

 private:
  // Takes up what an earlier export left: a partial journal, or a whole one of an earlier version.
  void open_partial() {
    if (!files_.status(partial_path_)) {
      std::string earlier;
      if (const auto journal = files_.open(journal_path_, Files::Open::read)) earlier = read_all(*journal);
      partial_ = files_.open(partial_path_, Files::Open::create);
      partial_->set_mode(0644);
      write_all(*partial_, earlier, 0);
    } else {
      partial_ = files_.open(partial_path_, Files::Open::write);
    }
    const std::string text = read_all(*partial_);
    for (std::size_t start = 0, end = 0; (end = text.find('\n', start)) != std::string::npos; start = end + 1) {
      replay_.apply(std::string_view(text).substr(start, end - start));
      size_ = end + 1;
    }
    partial_->truncate(size_);
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
          refuse(path_, "is of another history than " + stem_ + " in etcd; export to another directory");
        is_known = false;
        return true;
      }
      replay_.apply(entry.value);
      write_all(*partial_, entry.value + '\n', size_);
      size_ += entry.value.size() + 1;
      progress.reach(replay_.last().version);
      return true;
    });
    if (is_known) refuse(path_, "is ahead of " + stem_ + " in etcd; export to another directory");
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
  std::unique_ptr<File> partial_;
  std::uint64_t size_ = 0;
};

}  // namespace

ExitStatus export_command(const TransferArguments& arguments) try {
  const MountSettings settings = read_mount_options(arguments.options);
  const EtcdAddress address = EtcdAddress::of(arguments.from);
  const auto mapping = load_mapping_file(arguments.mapping.empty() ? std::nullopt : std::optional(arguments.mapping));
  EtcdClient client(etcd_access(address, settings.etcd));
  const KeyLayout layout(address.prefix);
  std::filesystem::create_directories(arguments.to);
  EtcdRange heads{layout.heads(), end_of_prefix(layout.heads())};
  heads.keys_only = true;
  client.range_in_pages(heads, [&](EtcdKeyValue& entry) {
    const std::string stem = layout.meaning_of(entry.key).name;
    if (!stem_of(file_name_of(stem))) return true;  // somebody else's
    const bool is_new = Export(client, layout, stem, arguments.to, mapping).run();
    std::cout << stem << (is_new ? ": exported\n" : ": is there already\n");
    return true;
  });
  EtcdRange plans{layout.plans(), end_of_prefix(layout.plans())};
  plans.limit = 20;
  PosixFiles files;
  client.range_in_pages(plans, [&](EtcdKeyValue& entry) {
    const std::string name = layout.meaning_of(entry.key).name;
    if (!plan_number_of(name)) return true;
    put_file(files, arguments.to + "/" + name, entry.value);
    std::cout << name << ": exported\n";
    return true;
  });
  return ExitStatus::done;
} catch (const CommandError&) {
  throw;
} catch (const std::exception& error) {
  throw CommandError(ExitStatus::unusable, arguments.from + ": " + error.what());
}

}  // namespace statusfs
