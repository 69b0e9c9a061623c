// The hashes of a status file as a shell computes them: jq and sha256sum, without any of our code.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

namespace statusfs {

inline std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  EXPECT_TRUE(pipe) << command;
  std::string output;
  for (int byte = std::fgetc(pipe.get()); byte != EOF; byte = std::fgetc(pipe.get())) output += static_cast<char>(byte);
  return output;
}

/// A file with this text, removed with the object.
class TextFile {
 public:
  explicit TextFile(const std::string& text) {
    const int descriptor = mkstemp(path_.data());
    EXPECT_GE(descriptor, 0);
    if (descriptor >= 0) fclose(fdopen(descriptor, "w"));
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TextFile() { std::remove(path_.c_str()); }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_ = testing::TempDir() + "statusfs_XXXXXX";
};

/// "sha256:..." of what the jq program prints for the file.
inline std::string hash_by_jq(const TextFile& file, const std::string& program) {
  const std::string output =
      output_of("bash -o pipefail -c \"jq -jcS '" + program + "' " + file.path() + " | sha256sum\"");
  EXPECT_GE(output.size(), 64u) << "jq and sha256sum are needed";
  return "sha256:" + output.substr(0, 64);
}

inline std::string payload_hash_by_jq(const TextFile& file) {
  return hash_by_jq(file, ".payload | del(.payload_hash_current) | .tasks_status |= map(.signature_hash)");
}

inline std::string signature_hash_by_jq(const TextFile& file, std::size_t position) {
  return hash_by_jq(file, ".payload.tasks_status[" + std::to_string(position) + "] | del(.signature_hash)");
}

}  // namespace statusfs
