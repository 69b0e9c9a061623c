// A mount that several Unix users share, each with an archetype of its own.
#pragma once

#include <string>
#include <vector>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {

/// One thing that a user tries.
struct Attempt {
  enum class Kind { write, append, mkdir, rmdir, read };
  Kind kind = Kind::write;
  std::string path;  ///< in the tree of the sample
  std::string text = {};
};

class SeveralUsersTest : public MountedTest {
 protected:
  void SetUp() override;

  /// The archetypes and the users that have them; the mounting user is SUPERVISOR.
  static const std::vector<std::pair<std::string, std::string>>& users();
  static std::string user_of(const std::string& archetype);

  Path config_file() const { return root() / "statusfs.yaml"; }
  void write_config(const std::string& text) const { put_file(config_file(), text); }
  std::vector<std::string> shared(const std::string& more = "") const;

  /// The errno of each, 0 where it succeeded; one process of that user for all. Empty user: whoever runs the tests.
  std::vector<int> try_all(const std::string& user, const std::vector<Attempt>& attempts,
                           const std::map<std::string, std::string>& environment = {});
  int try_one(const std::string& user, const Attempt& attempt) { return try_all(user, {attempt}).at(0); }
  std::string errors() const { return read_file(mountpoint() / ".statusfs" / "errors"); }
};

}  // namespace statusfs::test
