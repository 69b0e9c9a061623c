// What a status file is and does, said a second time and as simply as can be: a plain JSON value, no sharing,
// everything computed anew after each write. It knows the contract and nothing of the mapping or of the code that is
// tested.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "mapping/rejection.hpp"

namespace statusfs::model {

using nlohmann::json;

/// A member of a task (by JSON pointer from the task), or of the payload where `task` is empty, gets a value.
struct Assignment {
  std::string task;
  std::string pointer;
  json value;
};

struct Write {
  enum class Form {
    file,        ///< the text of one field's file: exactly one assignment
    merge,       ///< a merge patch to task.json or patch
    json_patch,  ///< a JSON patch to task.json or patch
    append,      ///< one line of plain text to a list or log: exactly one assignment, whose value is the line
    add_task,    ///< the id stands in `task`
    remove_task,
  };
  Form form = Form::file;
  std::string archetype;
  std::string task;  ///< scope of a patch: empty for the whole file
  std::vector<Assignment> assignments;
  bool is_stale = false;  ///< a merge patch carries an old signature_hash, a JSON patch a test that fails
};

/// What stamps a write that is accepted.
struct Stamp {
  std::int64_t g = 0;
  std::string persona;
  std::string trace_id;
};

struct Result {
  std::optional<Cause> refusal;
  bool is_changed = false;
};

class StatusFile {
 public:
  explicit StatusFile(json root) : root_(std::move(root)) {}
  const json& root() const { return root_; }
  std::vector<std::string> task_ids() const;
  json* task(const std::string& id);

  Result apply(const Write& write, const Stamp& stamp);

 private:
  std::optional<Cause> judge(const Write& write, const std::vector<Assignment>& effective);
  bool is_locked(const Assignment& assignment);
  bool breaks_a_rule(const json& before, const json& after, const std::string& archetype) const;
  bool add_consequences(std::vector<Assignment>& effective);
  std::vector<Assignment> effective(const Write& write);
  json* target(const Assignment& assignment);
  void assign(const Assignment& assignment, const Stamp& stamp);
  void append_line(const Write& write, const Stamp& stamp);
  Result change_membership(const Write& write, const Stamp& stamp);
  void clear_blockers(const std::string& id);
  void seal_task(json& task, const Stamp& stamp, const std::string& archetype);
  void seal_file(const Stamp& stamp);

  json root_;
};

}  // namespace statusfs::model
