// A read never sees half a value, an empty value or a mix of two, whoever writes meanwhile.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <iterator>
#include <mutex>
#include <thread>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

// Each value is one letter, again and again, and a newline: the letter says how long the whole must be.
constexpr std::size_t lengths[] = {1, 7, 100, 4095, 4096, 4097, 9000, 20000};

std::string value_of(std::size_t which) { return std::string(lengths[which], static_cast<char>('a' + which)) + "\n"; }

bool is_whole(const std::string& text) {
  if (text.empty() || text.front() < 'a' || text.front() >= static_cast<char>('a' + std::size(lengths))) return false;
  return text == value_of(static_cast<std::size_t>(text.front() - 'a'));
}

class TornReadTest : public SampleTest {
 protected:
  void SetUp() override {
    SampleTest::SetUp();
    field_ = task("execution_log/failure_details");
    ASSERT_EQ(0, write_file(field_, value_of(0)));
  }

  void TearDown() override {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    SampleTest::TearDown();
  }

  void note(const std::string& what) {
    const std::lock_guard lock(torn_mutex_);
    if (torn_++ == 0) first_torn_ = what;
  }

  // Writes values of different lengths until the readers are done.
  void write_values() {
    for (std::size_t count = 0; !stop_; ++count) {
      if (write_file(field_, value_of(count * 5 % std::size(lengths))) != 0) ++failed_writes_;
      ++writes_;
    }
  }

  template <typename Read>
  void read_often(int count, Read read) {
    for (int done = 0; done < count; ++done) {
      const std::string text = read();
      if (!is_whole(text)) note("\"" + text.substr(0, 20) + "\"... of " + std::to_string(text.size()) + " bytes");
    }
  }

  // In pieces through one handle: what comes from offset 0 on must be one version.
  std::string read_in_pieces(std::size_t piece) const {
    const int handle = ::open(field_.c_str(), O_RDONLY | O_CLOEXEC);
    std::string text(lengths[std::size(lengths) - 1] + 2 * piece, '\0');
    std::size_t size = 0;
    ssize_t count = 0;
    while (size + piece <= text.size() && (count = ::read(handle, text.data() + size, piece)) > 0) {
      size += static_cast<std::size_t>(count);
    }
    ::close(handle);
    text.resize(size);
    return text;
  }

  // As programs copy a file: by the kernel, and by reading it where the kernel does not.
  static std::string sent(const Path& file) {
    const int from = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    const int to = ::memfd_create("copy", MFD_CLOEXEC);
    ssize_t count = 0;
    do count = ::sendfile(to, from, nullptr, 1 << 20);
    while (count > 0);
    const int error = error_of(static_cast<int>(count));
    std::string text(static_cast<std::size_t>(::lseek(to, 0, SEEK_END)), '\0');
    if (::pread(to, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) text = "(cannot be read)";
    ::close(to);
    ::close(from);
    if (error == 0) return text;
    return error == EINVAL && text.empty() ? read_file(file) : text + " and errno " + std::to_string(error);
  }

  static std::string mapped(const Path& file) {
    const int handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat attributes {};
    ::fstat(handle, &attributes);
    const auto size = static_cast<std::size_t>(attributes.st_size);
    void* const place = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, handle, 0);
    ::close(handle);
    if (place == MAP_FAILED) return "(cannot be mapped)";
    std::string text(static_cast<const char*>(place), size);
    ::munmap(place, size);
    return text;
  }

  // An exception must fail the test, not end the program.
  template <typename Work>
  void start(Work work) {
    threads_.emplace_back([this, work] {
      try {
        work();
      } catch (const std::exception& error) {
        note(error.what());
      }
    });
  }

  void join_from(std::size_t first) {
    for (std::size_t index = first; index < threads_.size(); ++index) threads_[index].join();
    stop_ = true;
    for (std::size_t index = 0; index < first; ++index) threads_[index].join();
    threads_.clear();
  }

  // Of all that was read while the first thread wrote. A test with hardly a write shows nothing.
  void expect_whole() {
    join_from(1);
    EXPECT_EQ(0, torn_) << first_torn_;
    EXPECT_EQ(0, failed_writes_);
    EXPECT_GT(writes_, 20);
  }

  Path field_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> writes_ = 0;
  std::atomic<int> failed_writes_ = 0;
  std::mutex torn_mutex_;
  int torn_ = 0;
  std::string first_torn_;
};

TEST_F(TornReadTest, AHundredThousandReadsWithOneWriterAndTwoReaders) {
  const int reads_each = 50'000 * load_factor();
  start([&] { write_values(); });
  start([&] { read_often(reads_each, [&] { return read_file(field_); }); });
  start([&] { read_often(reads_each, [&] { return read_in_pieces(3000); }); });
  join_from(1);
  EXPECT_EQ(0, torn_) << first_torn_;
  EXPECT_EQ(0, failed_writes_);
  EXPECT_GT(writes_, 100) << "a test without writes shows nothing";
}

TEST_F(TornReadTest, WhatTheKernelSendsIsWhole) {
  const int reads_each = 5'000 * load_factor();
  start([&] { write_values(); });
  start([&] { read_often(reads_each, [&] { return sent(field_); }); });
  start([&] { read_often(reads_each, [&] { return sent(field_); }); });
  expect_whole();
}

// The kernel cuts at the size that it knows, and asks for no other before it sends or after it mapped.
TEST_F(TornReadTest, WhatTheKernelSendsAndMapsIsTheNewestValue) {
  const Path derived = task("percent_complete");
  activate(first_task);
  ASSERT_EQ(0, write_file(derived, "7\n"));
  EXPECT_EQ("7\n", sent(derived));
  EXPECT_EQ("7\n", mapped(derived));
  ASSERT_EQ(0, write_file(task("status"), "DONE\n"));
  EXPECT_EQ("100\n", sent(derived));
  EXPECT_EQ("100\n", mapped(derived));
  EXPECT_EQ("100\n", sent(derived));
  EXPECT_EQ("100\n", bash("busybox cat " + derived.string()).output);
  ASSERT_EQ(0, write_file(task("status"), "PENDING\n"));
  ASSERT_EQ(0, write_file(derived, "8\n"));
  EXPECT_EQ("8\n", sent(derived));
  EXPECT_EQ("8\n", mapped(derived));
  for (std::size_t which = 0; which < std::size(lengths); ++which) {
    ASSERT_EQ(0, write_file(field_, value_of(which)));
    EXPECT_EQ(value_of(which), sent(field_));
    EXPECT_EQ(value_of(which), mapped(field_));
  }
}

TEST_F(TornReadTest, AHandleThatStaysOpenSeesWholeValues) {
  const auto read_again = [&](int handle) {
    std::string text(lengths[std::size(lengths) - 1] + 10, '\0');
    const ssize_t count = ::pread(handle, text.data(), text.size(), 0);
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return text;
  };
  const auto reader = [&] {
    const int handle = ::open(field_.c_str(), O_RDONLY | O_CLOEXEC);
    read_often(10'000 * load_factor(), [&] { return read_again(handle); });
    ::close(handle);
  };
  start([&] { write_values(); });
  start(reader);
  start(reader);
  expect_whole();
}

TEST_F(TornReadTest, WholeDocumentsAreOfOneVersion) {
  const auto check = [&](const Path& file, const std::string& pointer) {
    const Json document = Json::parse(read_file(file), nullptr, false);
    if (document.is_discarded()) return note(file.string() + " is no JSON");
    const Json value = document.at(Json::json_pointer(pointer + "/execution_log/failure_details"));
    if (value.is_null()) return;  // nothing was written yet
    if (!is_whole(value.get<std::string>() + "\n")) note(file.string() + ": " + value.dump().substr(0, 20));
  };
  start([&] { write_values(); });
  start([&] {
    for (int count = 0; count < 1'000 * load_factor(); ++count) check(tree("status.json"), "/payload/tasks_status/0");
  });
  start([&] {
    for (int count = 0; count < 1'000 * load_factor(); ++count) check(task("task.json"), "");
  });
  start([&] {
    // The file on disk is replaced whole, too.
    for (int count = 0; count < 1'000 * load_factor(); ++count) check(status_file(), "/payload/tasks_status/0");
  });
  expect_whole();
}

TEST_F(TornReadTest, DerivedValuesBelongToTheWrite) {
  // Two members written by one patch are never seen apart.
  const Path document = task("task.json");
  start([&] {
    for (int count = 0; !stop_; ++count) {
      const std::string n = std::to_string(count);
      const std::string patch =
          R"({"readiness_check":{"idempotency_key":"k)" + n + R"(","readiness_assessment_id_ref":"k)" + n + "\"}}";
      if (write_file(document, patch) != 0) ++failed_writes_;
      ++writes_;
    }
  });
  start([&] {
    int last_version = 0;
    for (int count = 0; count < 3'000 * load_factor(); ++count) {
      const Json readiness = Json::parse(read_file(document))["readiness_check"];
      if (readiness["idempotency_key"] != readiness["readiness_assessment_id_ref"]) note(readiness.dump());
      const int seen = version();
      if (seen < last_version) note("version went back");
      last_version = seen;
    }
  });
  expect_whole();
}

}  // namespace
}  // namespace statusfs::test
