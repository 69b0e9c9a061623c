// bench_bare_fuse: the least a FUSE file system can do, as the measure of what statusfs costs on top of FUSE itself.
//
// Files value_0 ... value_<N-1> each keep one value in memory; a write replaces it. Like statusfs it answers with
// libfuse's multi-threaded loop, uses direct I/O on every handle and takes truncation as the shell's habit.
// With --append-sync FILE each write also appends a record (400 bytes) to FILE and calls fdatasync before it replies:
// the lower bound of a durable write without group commit. With --append FILE nobody waits for the disk.
// With --promises DIRECTORY each write also does what those of statusfs cannot do without (bare_promises.hpp), readers
// of another file are told, and there are extended attributes.

#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 14)
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <getopt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/bench/bare_promises.hpp"

namespace {

constexpr double kForever = 3600.0;
constexpr std::string_view kNamePrefix = "value_";

struct Options {
  std::string mountpoint;
  std::size_t files = 1;
  std::string append_file;
  bool syncs_appends = true;
  std::string promises_directory;
  std::size_t record_size = 400;  // bytes of an append
  bool no_flush_on_read = false;
  bool no_flush_on_write = false;
  bool foreground = false;
  unsigned max_threads = 10;
};

// The file of records that makes a write durable. Thread safe: O_APPEND places each record, the kernel syncs.
class AppendLog {
 public:
  AppendLog(const std::string& path, std::size_t record_size, bool syncs)
      : syncs_(syncs),
        descriptor_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)),
        record_(std::string(record_size - 1, 'x') + '\n') {
    if (descriptor_ < 0) throw std::runtime_error(path + ": " + std::strerror(errno));
  }
  ~AppendLog() { close(descriptor_); }
  AppendLog(const AppendLog&) = delete;
  AppendLog& operator=(const AppendLog&) = delete;

  // 0, or the errno of what failed.
  int append() const {
    if (write(descriptor_, record_.data(), record_.size()) != static_cast<ssize_t>(record_.size())) return EIO;
    return !syncs_ || fdatasync(descriptor_) == 0 ? 0 : errno;
  }

 private:
  const bool syncs_;
  int descriptor_;
  const std::string record_;
};

// One value. Thread safe.
class Value {
 public:
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  void assign(std::string_view text) {
    const std::lock_guard lock(mutex_);
    text_.assign(text);
  }

 private:
  mutable std::mutex mutex_;
  std::string text_ = "10\n";  // guarded by mutex_
};

// The inode of file i is i + 2; the root is 1. The number of files never changes.
class BareFileSystem {
 public:
  explicit BareFileSystem(const Options& options) : options_(options), values_(options.files) {
    if (!options.append_file.empty()) log_.emplace(options.append_file, options.record_size, options.syncs_appends);
    if (!options.promises_directory.empty()) promises_.emplace(options.promises_directory);
  }

  const Options& options() const { return options_; }
  std::size_t count() const { return values_.size(); }
  Value* find(fuse_ino_t inode) { return inode >= 2 && inode - 2 < values_.size() ? &values_[inode - 2] : nullptr; }
  int make_durable() const { return log_ ? log_->append() : 0; }
  const std::optional<bench::Promises>& promises() const { return promises_; }
  void identify(fuse_req_t request) const {
    if (promises_) promises_->identify(fuse_req_ctx(request)->pid);
  }

  // To be told, in the session's name, that a file which everybody reads has changed.
  void serve(fuse_session* session) { session_ = session; }
  void tell_readers() const { fuse_lowlevel_notify_inval_inode(session_, count() + 1, -1, 0); }

  std::optional<fuse_ino_t> inode_of(std::string_view name) const {
    if (!name.starts_with(kNamePrefix)) return std::nullopt;
    name.remove_prefix(kNamePrefix.size());
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    if (error != std::errc() || end != name.data() + name.size() || index >= values_.size()) return std::nullopt;
    return index + 2;
  }

  struct stat attributes(fuse_ino_t inode) {
    struct stat result {};
    result.st_ino = inode;
    result.st_uid = getuid();
    result.st_gid = getgid();
    const Value* value = find(inode);
    result.st_mode = value != nullptr ? S_IFREG | 0644 : S_IFDIR | 0755;
    result.st_nlink = value != nullptr ? 1 : 2;
    result.st_size = value != nullptr ? static_cast<off_t>(value->text().size()) : 0;
    return result;
  }

 private:
  const Options options_;
  std::deque<Value> values_;
  std::optional<AppendLog> log_;
  std::optional<bench::Promises> promises_;
  fuse_session* session_ = nullptr;  // set before the first request
};

BareFileSystem& file_system(fuse_req_t request) { return *static_cast<BareFileSystem*>(fuse_req_userdata(request)); }

void on_init(void*, fuse_conn_info* connection) { connection->want &= ~static_cast<unsigned>(FUSE_CAP_ATOMIC_O_TRUNC); }

void on_lookup(fuse_req_t request, fuse_ino_t, const char* name) {
  BareFileSystem& self = file_system(request);
  const auto inode = self.inode_of(name);
  if (!inode) {
    fuse_reply_err(request, ENOENT);
    return;
  }
  fuse_entry_param entry{};
  entry.ino = *inode;
  entry.attr = self.attributes(*inode);
  entry.attr_timeout = kForever;
  entry.entry_timeout = kForever;
  fuse_reply_entry(request, &entry);
}

void on_getattr(fuse_req_t request, fuse_ino_t inode, fuse_file_info*) {
  const struct stat attributes = file_system(request).attributes(inode);
  fuse_reply_attr(request, &attributes, kForever);
}

void on_setattr(fuse_req_t request, fuse_ino_t inode, struct stat*, int, fuse_file_info* info) {
  file_system(request).identify(request);
  on_getattr(request, inode, info);
}

void on_open(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
  const Options& options = file_system(request).options();
  file_system(request).identify(request);
  const bool reads_only = (info->flags & O_ACCMODE) == O_RDONLY;
  info->direct_io = 1;
  info->noflush = reads_only ? options.no_flush_on_read : options.no_flush_on_write;
  fuse_reply_open(request, info);
}

void on_read(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset, fuse_file_info*) {
  const std::string text = file_system(request).find(inode)->text();
  const std::size_t start = std::min(text.size(), static_cast<std::size_t>(offset));
  fuse_reply_buf(request, text.data() + start, std::min(size, text.size() - start));
}

void on_write(fuse_req_t request, fuse_ino_t inode, const char* data, std::size_t size, off_t, fuse_file_info*) {
  BareFileSystem& self = file_system(request);
  int error = self.promises() ? self.promises()->prepare_write(fuse_req_ctx(request)->pid) : 0;
  if (error == 0) error = self.make_durable();
  if (error != 0) {
    fuse_reply_err(request, error);
    return;
  }
  self.find(inode)->assign({data, size});
  if (self.promises()) self.tell_readers();
  fuse_reply_write(request, size);
}

void on_getxattr(fuse_req_t request, fuse_ino_t, const char*, std::size_t) { fuse_reply_err(request, ENODATA); }

// Without this answer the kernel would stop sending FLUSH at all, whatever the handle's flags say.
void on_flush(fuse_req_t request, fuse_ino_t, fuse_file_info*) { fuse_reply_err(request, 0); }

void on_readdir(fuse_req_t request, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info*) {
  BareFileSystem& self = file_system(request);
  std::string listing;
  for (auto index = static_cast<std::size_t>(offset); index < self.count(); ++index) {
    const std::string name = std::string(kNamePrefix) + std::to_string(index);
    const struct stat attributes = self.attributes(index + 2);
    const std::size_t needed = fuse_add_direntry(request, nullptr, 0, name.c_str(), nullptr, 0);
    if (listing.size() + needed > size) break;
    listing.resize(listing.size() + needed);
    fuse_add_direntry(request, listing.data() + listing.size() - needed, needed, name.c_str(), &attributes,
                      static_cast<off_t>(index + 1));
  }
  fuse_reply_buf(request, listing.data(), listing.size());
}

fuse_lowlevel_ops operations(const BareFileSystem& self) {
  fuse_lowlevel_ops result{};
  if (self.promises()) result.getxattr = on_getxattr;
  result.init = [](void* self, fuse_conn_info* connection) { on_init(self, connection); };
  result.lookup = on_lookup;
  result.getattr = on_getattr;
  result.setattr = on_setattr;
  result.open = on_open;
  result.read = on_read;
  result.write = on_write;
  result.flush = on_flush;
  result.readdir = on_readdir;
  return result;
}

// A mounted session: unmounted and destroyed with the object.
class Session {
 public:
  Session(BareFileSystem& self, const char* program) {
    std::string name = program;
    std::string option = "-ofsname=bench,subtype=bench_bare_fuse";
    std::array<char*, 3> arguments{name.data(), option.data(), nullptr};
    fuse_args fuse_arguments = FUSE_ARGS_INIT(2, arguments.data());
    const fuse_lowlevel_ops table = operations(self);
    session_ = fuse_session_new(&fuse_arguments, &table, sizeof table, &self);
    fuse_opt_free_args(&fuse_arguments);
    if (session_ == nullptr) throw std::runtime_error("fuse_session_new failed");
    self.serve(session_);
    handlers_set_ = fuse_set_signal_handlers(session_) == 0;
    mounted_ = fuse_session_mount(session_, self.options().mountpoint.c_str()) == 0;
    if (!mounted_) throw_away("cannot mount on " + self.options().mountpoint);
  }
  ~Session() { dispose(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  int run(unsigned max_threads) {
    const std::unique_ptr<fuse_loop_config, decltype(&fuse_loop_cfg_destroy)> loop(fuse_loop_cfg_create(),
                                                                                   fuse_loop_cfg_destroy);
    fuse_loop_cfg_set_max_threads(loop.get(), max_threads);
    return fuse_session_loop_mt(session_, loop.get());
  }

 private:
  [[noreturn]] void throw_away(const std::string& reason) {
    dispose();
    throw std::runtime_error(reason);
  }
  void dispose() {
    if (mounted_) fuse_session_unmount(session_);
    if (handlers_set_) fuse_remove_signal_handlers(session_);
    fuse_session_destroy(session_);
  }

  fuse_session* session_ = nullptr;
  bool handlers_set_ = false;
  bool mounted_ = false;
};

constexpr const char* kUsage =
    "usage: bench_bare_fuse MOUNTPOINT [--files N] [--append FILE | --append-sync FILE] [--record-size BYTES]\n"
    "                       [--promises DIRECTORY] [--noflush none|read|all] [--threads N] [--foreground]\n";

void set_no_flush(Options& options, std::string_view kind) {
  if (kind != "none" && kind != "read" && kind != "all") throw std::invalid_argument("--noflush: none, read or all");
  options.no_flush_on_read = kind != "none";
  options.no_flush_on_write = kind == "all";
}

void set_option(Options& options, int letter, const char* argument) {
  switch (letter) {
    case 'n':
      options.files = std::stoul(argument);
      break;
    case 'a':
    case 'u':
      options.append_file = argument;
      options.syncs_appends = letter == 'a';
      break;
    case 'p':
      options.promises_directory = argument;
      break;
    case 'r':
      options.record_size = std::stoul(argument);
      break;
    case 'l':
      set_no_flush(options, argument);
      break;
    case 't':
      options.max_threads = static_cast<unsigned>(std::stoul(argument));
      break;
    case 'f':
      options.foreground = true;
      break;
    default:
      throw std::invalid_argument("unknown option");
  }
}

Options parse_options(int count, char** arguments) {
  static const option kLong[] = {{"files", required_argument, nullptr, 'n'},
                                 {"append-sync", required_argument, nullptr, 'a'},
                                 {"append", required_argument, nullptr, 'u'},
                                 {"promises", required_argument, nullptr, 'p'},
                                 {"record-size", required_argument, nullptr, 'r'},
                                 {"noflush", required_argument, nullptr, 'l'},
                                 {"threads", required_argument, nullptr, 't'},
                                 {"foreground", no_argument, nullptr, 'f'},
                                 {nullptr, 0, nullptr, 0}};
  Options options;
  for (int letter = 0; (letter = getopt_long(count, arguments, "f", kLong, nullptr)) != -1;) {
    set_option(options, letter, optarg);
  }
  if (optind + 1 != count || options.files == 0 || options.record_size == 0)
    throw std::invalid_argument("one MOUNTPOINT, at least one file and one byte");
  options.mountpoint = arguments[optind];
  return options;
}

}  // namespace

int main(int count, char** arguments) try {
  BareFileSystem self(parse_options(count, arguments));
  Session session(self, arguments[0]);
  if (fuse_daemonize(self.options().foreground ? 1 : 0) != 0) throw std::runtime_error("cannot go to the background");
  return session.run(self.options().max_threads) == 0 ? 0 : 1;
} catch (const std::logic_error& error) {
  std::cerr << "bench_bare_fuse: " << error.what() << '\n' << kUsage;
  return 1;
} catch (const std::exception& error) {
  std::cerr << "bench_bare_fuse: " << error.what() << '\n';
  return 3;
}
