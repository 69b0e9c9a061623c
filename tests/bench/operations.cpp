#include "operations.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace statusfs::bench {
namespace {

using Clock = std::chrono::steady_clock;

std::int64_t nanoseconds_since(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
}

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : value_(open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    if (value_ < 0) fail("open " + path);
  }
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return value_; }
  void write_all(std::string_view text) const {
    if (write(value_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail("write");
  }
  void close_now() {
    const int closing = value_;
    value_ = -1;
    if (close(closing) != 0) fail("close");
  }

 private:
  int value_;
};

// Every operation that is timed from start to end.
class TimedOperation : public Operation {
 public:
  std::int64_t run() final {
    const auto start = Clock::now();
    once();
    return nanoseconds_since(start);
  }

 protected:
  virtual void once() = 0;
};

// open, read, close.
class ReadField final : public TimedOperation {
 public:
  explicit ReadField(std::string path) : path_(std::move(path)) {}

 private:
  void once() override {
    Descriptor file(path_, O_RDONLY);
    if (read(file.get(), buffer_.data(), buffer_.size()) < 0) fail("read " + path_);
    file.close_now();
  }

  const std::string path_;
  std::array<char, 4096> buffer_{};
};

// open, write, close; with fdatasync before close if asked. The value is always another one of two digits.
class WriteField final : public TimedOperation {
 public:
  WriteField(std::string path, bool sync, SharedCounter& counter, std::size_t slot)
      : path_(std::move(path)), sync_(sync), counter_(counter), slot_(slot) {}

 private:
  void once() override {
    const std::string text = std::to_string(10 + counter_.next(slot_) % 90) + "\n";
    Descriptor file(path_, O_WRONLY);
    file.write_all(text);
    if (sync_ && fdatasync(file.get()) != 0) fail("fdatasync " + path_);
    file.close_now();
  }

  const std::string path_;
  const bool sync_;
  SharedCounter& counter_;
  const std::size_t slot_;
};

// 400 bytes at the end of an open file, and fdatasync.
class AppendSync final : public TimedOperation {
 public:
  explicit AppendSync(const std::string& path) : file_(path, O_WRONLY | O_CREAT | O_APPEND) {}

 private:
  void once() override {
    file_.write_all(record_);
    if (fdatasync(file_.get()) != 0) fail("fdatasync");
  }

  Descriptor file_;
  const std::string record_ = std::string(399, 'x') + "\n";
};

nlohmann::json parse_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("open " + path);
  return nlohmann::json::parse(file);
}

nlohmann::json& find_task(nlohmann::json& document, const std::string& id) {
  for (nlohmann::json& task : document.at("payload").at("tasks_status")) {
    if (task.at("task_id_ref") == id) return task;
  }
  throw std::runtime_error("no task " + id);
}

// The JSON the old way, in process: read, parse, look up one field.
class ParseJson final : public TimedOperation {
 public:
  ParseJson(std::string path, std::string task) : path_(std::move(path)), task_(std::move(task)) {}

 private:
  void once() override {
    nlohmann::json document = parse_file(path_);
    if (find_task(document, task_).at("percent_complete").is_null()) throw std::runtime_error("no percentage");
  }

  const std::string path_;
  const std::string task_;
};

// The JSON the old way, in process and durable: parse, change, temp file, fsync, rename, fsync of the directory.
class ReplaceJson final : public TimedOperation {
 public:
  ReplaceJson(std::string path, std::string task, SharedCounter& counter)
      : path_(std::move(path)), task_(std::move(task)), counter_(counter) {}

 private:
  void once() override {
    nlohmann::json document = parse_file(path_);
    find_task(document, task_)["percent_complete"] = 10 + counter_.next(0) % 90;
    const std::string temporary = path_ + ".tmp" + std::to_string(getpid());
    Descriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    file.write_all(document.dump(2));
    if (fsync(file.get()) != 0) fail("fsync " + temporary);
    file.close_now();
    std::filesystem::rename(temporary, path_);
    const Descriptor directory(std::filesystem::path(path_).parent_path(), O_RDONLY | O_DIRECTORY);
    if (fsync(directory.get()) != 0) fail("fsync of the directory");
  }

  const std::string path_;
  const std::string task_;
  SharedCounter& counter_;
};

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

// SQLite's own busy timeout sleeps up to 100 ms, which starves many writers; this one naps 0.2 ms, for a minute at
// most.
int nap_when_busy(void*, int tries) {
  std::this_thread::sleep_for(std::chrono::microseconds(200));
  return tries < 300000 ? 1 : 0;
}

enum class Waiting { kDefault, kEager };

// SQLite, WAL, synchronous=FULL: an update of one row, prepared once.
class UpdateRow final : public TimedOperation {
 public:
  UpdateRow(const std::string& path, std::int64_t row, Waiting waiting, SharedCounter& counter) : counter_(counter) {
    sqlite3* database = nullptr;
    const int opened = sqlite3_open(path.c_str(), &database);
    database_.reset(database);
    check(opened);
    sqlite3_busy_timeout(database, 60000);
    if (waiting == Waiting::kEager) sqlite3_busy_handler(database, nap_when_busy, nullptr);
    execute("PRAGMA journal_mode=WAL");
    execute("PRAGMA synchronous=FULL");
    execute("CREATE TABLE IF NOT EXISTS task(id INTEGER PRIMARY KEY, percent_complete INTEGER)");
    execute("INSERT OR IGNORE INTO task VALUES(" + std::to_string(row) + ", 0)");
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v2(database, "UPDATE task SET percent_complete=?1 WHERE id=?2", -1, &statement, nullptr));
    statement_.reset(statement);
    check(sqlite3_bind_int64(statement, 2, row));
  }

 private:
  void once() override {
    check(sqlite3_bind_int64(statement_.get(), 1, static_cast<std::int64_t>(10 + counter_.next(0) % 90)));
    if (sqlite3_step(statement_.get()) != SQLITE_DONE) check(sqlite3_errcode(database_.get()));
    check(sqlite3_reset(statement_.get()));
  }
  void execute(const std::string& sql) { check(sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr)); }
  void check(int result) const {
    if (result != SQLITE_OK) throw std::runtime_error(std::string("SQLite: ") + sqlite3_errmsg(database_.get()));
  }

  SharedCounter& counter_;
  std::unique_ptr<sqlite3, CloseDatabase> database_;
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement_;
};

// How long after an acknowledged write the JSON file on disk holds it.
class JsonLag final : public Operation {
 public:
  JsonLag(std::string field, std::string json, SharedCounter& counter)
      : field_(std::move(field)), json_(std::move(json)), counter_(counter) {}

  std::int64_t run() override {
    const std::string marker = "lag " + std::to_string(getpid()) + " " +
                               std::to_string(Clock::now().time_since_epoch().count()) + " " +
                               std::to_string(counter_.next(0));
    Descriptor file(field_, O_WRONLY);
    file.write_all(marker + "\n");
    const auto start = Clock::now();
    file.close_now();
    return wait_for(marker, start);
  }

 private:
  std::int64_t wait_for(const std::string& marker, Clock::time_point start) {
    struct stat known {};
    while (Clock::now() - start < std::chrono::seconds(60)) {
      struct stat now {};
      const std::int64_t elapsed = nanoseconds_since(start);
      if (stat(json_.c_str(), &now) == 0 && !is_same(known, now)) {
        known = now;
        if (holds(marker)) return elapsed;
      }
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    throw std::runtime_error("the JSON did not follow within 60 s");
  }
  static bool is_same(const struct stat& left, const struct stat& right) {
    return left.st_ino == right.st_ino && left.st_mtim.tv_sec == right.st_mtim.tv_sec &&
           left.st_mtim.tv_nsec == right.st_mtim.tv_nsec && left.st_size == right.st_size;
  }
  bool holds(const std::string& marker) const {
    std::ifstream file(json_, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return text.find(marker) != std::string::npos;
  }

  const std::string field_;
  const std::string json_;
  SharedCounter& counter_;
};

// A bash command that loops by itself: it finds the number of rounds in $1 and the worker's number in $2.
class ShellLoop final : public Operation {
 public:
  ShellLoop(std::string command, unsigned worker) : command_(std::move(command)), worker_(std::to_string(worker)) {}

  bool is_loop() const override { return true; }
  std::int64_t run() override { return run_all(1); }
  std::int64_t run_all(std::uint64_t count) override {
    std::string times = std::to_string(count);
    std::array<std::string, 4> words{"bash", "-c", command_, "bench"};
    std::array<char*, 7> arguments{words[0].data(), words[1].data(), words[2].data(), words[3].data(),
                                   times.data(),    worker_.data(),  nullptr};
    const auto start = Clock::now();
    pid_t child = 0;
    if ((errno = posix_spawnp(&child, "bash", nullptr, nullptr, arguments.data(), environ)) != 0) fail("bash");
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    const std::int64_t elapsed = nanoseconds_since(start);
    if (status != 0) throw std::runtime_error("failed: " + command_);
    return elapsed;
  }

 private:
  const std::string command_;
  std::string worker_;
};

const std::string& argument(const Job& job, std::size_t index) {
  if (index >= job.arguments.size()) throw std::invalid_argument(job.operation + ": too few arguments");
  return job.arguments[index];
}

}  // namespace

std::int64_t Operation::run_all(std::uint64_t count) {
  std::int64_t total = 0;
  for (std::uint64_t index = 0; index < count; ++index) total += run();
  return total;
}

std::unique_ptr<Operation> make_operation(const Job& job, unsigned worker, SharedCounter& counter) {
  const std::string& kind = job.operation;
  const std::size_t slot = worker % std::max<std::size_t>(job.arguments.size(), 1);
  const std::string& own = argument(job, slot);
  if (kind == "read") return std::make_unique<ReadField>(own);
  if (kind == "write") return std::make_unique<WriteField>(own, false, counter, slot);
  if (kind == "write-sync") return std::make_unique<WriteField>(own, true, counter, slot);
  if (kind == "append-sync") return std::make_unique<AppendSync>(own);
  if (kind == "parse") return std::make_unique<ParseJson>(argument(job, 0), argument(job, 1));
  if (kind == "replace") return std::make_unique<ReplaceJson>(argument(job, 0), argument(job, 1), counter);
  if (kind == "sqlite" || kind == "sqlite-eager") {
    const Waiting waiting = kind == "sqlite" ? Waiting::kDefault : Waiting::kEager;
    return std::make_unique<UpdateRow>(own, worker + 1, waiting, counter);
  }
  if (kind == "lag") return std::make_unique<JsonLag>(argument(job, 0), argument(job, 1), counter);
  if (kind == "shell") return std::make_unique<ShellLoop>(argument(job, 0), worker);
  throw std::invalid_argument("unknown operation " + kind);
}

const char* operation_help() {
  return "  read PATH...          open, read, close (worker i takes path i modulo their number)\n"
         "  write PATH...         open, write another value of two digits, close\n"
         "  write-sync PATH...    the same with fdatasync before close\n"
         "  append-sync PATH...   400 bytes at the end of the file and fdatasync\n"
         "  parse JSON TASK       read and parse with nlohmann, look up the task's percentage\n"
         "  replace JSON TASK     parse, change, write a temporary file, fsync, rename, fsync the directory\n"
         "  sqlite DATABASE       update of one row (its own), WAL, synchronous=FULL\n"
         "  sqlite-eager DATABASE the same, looking at a busy lock again after 1 ms instead of up to 100 ms\n"
         "  lag FIELD JSON        from the return of a write to FIELD until the file JSON holds it\n"
         "  shell COMMAND         bash -c COMMAND, which loops $1 times by itself; $2 is the worker's number\n";
}

}  // namespace statusfs::bench
