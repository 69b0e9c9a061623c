#include "tests/model/model.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <regex>
#include <set>
#include <stdexcept>

namespace statusfs::model {
namespace {

const std::set<std::string> builders{"SUPERVISOR", "MANAGER", "BUILDER"};
const std::set<std::string> managers{"SUPERVISOR", "MANAGER"};
const std::set<std::string> supervisors{"SUPERVISOR"};
const std::set<std::string> statuses{"PENDING", "ACTIVE", "BLOCKED", "DONE", "FAILED", "SKIPPED"};
const std::set<std::string> readiness{"NOT_CHECKED", "PASSED", "FAILED"};
const std::string list_lock = "_tasks_status_list_immutable";

bool is_lock(const std::string& pointer) { return pointer.ends_with("_locked") || pointer.ends_with("_definition"); }

const std::set<std::string>& writers_of(const Assignment& assignment) {
  if (is_lock(assignment.pointer) || assignment.pointer == "/" + list_lock) return supervisors;
  if (assignment.pointer == "/overall_status_summary/execution_status") return managers;
  return builders;
}

bool is_read_only(const std::string& pointer) {
  return pointer == "/g_last_update" || pointer == "/readiness_check/g_checked" || pointer == "/execution_plan_id_ref";
}

bool is_writable(const std::string& pointer) {
  static const std::set<std::string> fields{"/status",
                                            "/percent_complete",
                                            "/readiness_check/status",
                                            "/latest_test_status",
                                            "/execution_log/failure_details",
                                            "/execution_log/retry_attempts_log",
                                            "/key_achievements_log",
                                            "/overall_status_summary/active_blockers_summary",
                                            "/overall_status_summary/execution_status",
                                            "/" + list_lock};
  return fields.contains(pointer) || is_lock(pointer);
}

bool is_valid(const std::string& pointer, const json& value) {
  if (pointer == "/status") return value.is_string() && statuses.contains(value.get<std::string>());
  if (pointer == "/readiness_check/status") return value.is_string() && readiness.contains(value.get<std::string>());
  if (pointer == "/percent_complete") return value.is_number_integer() && value >= 0 && value <= 100;
  if (pointer == "/latest_test_status") return value.is_object() || value.is_null();
  if (pointer == "/execution_log/failure_details") return value.is_string() || value.is_object() || value.is_null();
  if (pointer == "/overall_status_summary/active_blockers_summary")
    return value.is_array() &&
           std::all_of(value.begin(), value.end(), [](const json& line) { return line.is_string(); });
  if (pointer == "/overall_status_summary/execution_status") return value.is_string() || value.is_null();
  if (is_lock(pointer) || pointer == "/" + list_lock) return value.is_boolean();
  return false;  // a key that nobody knows
}

bool is_true(const json& object, const std::string& key) { return object.contains(key) && object[key] == true; }

bool has_set_lock(const json& task) {
  return std::any_of(task.items().begin(), task.items().end(),
                     [](const auto& member) { return is_lock(member.key()) && member.value() == true; });
}

// By OpenSSL itself: a mistake of the code that is tested must not be made here, too.
std::string hash_of(const json& value) {
  const std::string text = value.dump();
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("OpenSSL cannot compute SHA-256");
  std::string hash = "sha256:";
  for (const unsigned byte : digest) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", byte);
    hash += digits.data();
  }
  return hash;
}

}  // namespace

std::vector<std::string> StatusFile::task_ids() const {
  std::vector<std::string> ids;
  for (const json& task : root_["payload"]["tasks_status"]) ids.push_back(task["task_id_ref"]);
  return ids;
}

json* StatusFile::task(const std::string& id) {
  for (json& task : root_["payload"]["tasks_status"])
    if (task["task_id_ref"] == id) return &task;
  return nullptr;
}

json* StatusFile::target(const Assignment& assignment) {
  return assignment.task.empty() ? &root_["payload"] : task(assignment.task);
}

// Of a patch only what differs is asked for; a field's file is always written.
std::vector<Assignment> StatusFile::effective(const Write& write) {
  if (write.form == Write::Form::file || write.form == Write::Form::append) return write.assignments;
  std::vector<Assignment> result;
  for (const Assignment& assignment : write.assignments) {
    const json::json_pointer pointer(assignment.pointer);
    const json& scope = *target(assignment);
    if (!scope.contains(pointer) || scope[pointer] != assignment.value) result.push_back(assignment);
  }
  return result;
}

bool StatusFile::is_locked(const Assignment& assignment) {
  if (assignment.task.empty()) return false;
  const json& scope = *task(assignment.task);
  const std::string key = assignment.pointer.substr(assignment.pointer.rfind('/') + 1);
  const bool is_object_lock = assignment.pointer.ends_with("_definition");
  if (!is_object_lock && is_true(scope, "_locked_object_definition")) return true;
  return assignment.pointer == "/" + key && is_true(scope, "_" + key + "_locked");
}

bool StatusFile::breaks_a_rule(const json& before, const json& after, const std::string& archetype) const {
  const std::string from = before["status"], to = after["status"];
  static const std::set<std::pair<std::string, std::string>> steps{
      {"PENDING", "ACTIVE"}, {"PENDING", "BLOCKED"}, {"PENDING", "SKIPPED"}, {"ACTIVE", "DONE"},
      {"ACTIVE", "FAILED"},  {"ACTIVE", "BLOCKED"},  {"ACTIVE", "PENDING"},  {"BLOCKED", "PENDING"},
      {"BLOCKED", "ACTIVE"}, {"BLOCKED", "SKIPPED"}, {"FAILED", "PENDING"},  {"FAILED", "ACTIVE"},
      {"FAILED", "SKIPPED"}, {"SKIPPED", "PENDING"}};
  const bool is_reopened = from == "DONE" && to == "PENDING" && managers.contains(archetype);
  if (from != to && !steps.contains({from, to}) && !is_reopened) return true;
  if (from != to && to == "ACTIVE" && after["readiness_check"]["status"] != "PASSED") return true;
  const json& details = after["execution_log"]["failure_details"];
  if (from != to && to == "FAILED" && (details.is_null() || details.empty() || details == "")) return true;
  return to == "DONE" && after["percent_complete"] != 100;
}

// Adds what follows; true where that is locked.
bool StatusFile::add_consequences(std::vector<Assignment>& writes) {
  std::vector<Assignment> implied;
  for (const Assignment& write : writes) {
    if (write.pointer != "/status" || write.task.empty() || write.value != "DONE") continue;
    const json& before = *task(write.task);
    const bool says_otherwise = std::any_of(writes.begin(), writes.end(), [&](const Assignment& other) {
      return other.task == write.task && other.pointer == "/percent_complete";
    });
    if (before["status"] != "DONE" && before["percent_complete"] != 100 && !says_otherwise)
      implied.push_back({write.task, "/percent_complete", 100});
  }
  const bool locked = std::any_of(implied.begin(), implied.end(), [&](const auto& a) { return is_locked(a); });
  writes.insert(writes.end(), implied.begin(), implied.end());
  return locked;
}

std::optional<Cause> StatusFile::judge(const Write& write, const std::vector<Assignment>& writes) {
  const bool is_patch = write.form == Write::Form::merge || write.form == Write::Form::json_patch;
  if (is_patch && !builders.contains(write.archetype)) return Cause::access_denied;
  // A stale copy that is merged differs in what is stamped, too; a JSON patch names what it means to change.
  const bool is_stale_copy = write.is_stale && write.form != Write::Form::json_patch;
  std::set<Cause> causes;
  for (const Assignment& assignment : writes) {
    if (is_writable(assignment.pointer) && !writers_of(assignment).contains(write.archetype))
      causes.insert(Cause::access_denied);
    if (is_read_only(assignment.pointer) && !is_stale_copy) causes.insert(Cause::not_permitted);
    const bool is_counted = is_writable(assignment.pointer) || !is_stale_copy;
    if (is_counted && is_locked(assignment)) causes.insert(Cause::not_permitted);
    if (write.form != Write::Form::append && !is_valid(assignment.pointer, assignment.value))
      causes.insert(Cause::invalid);
  }
  if (write.is_stale) causes.insert(Cause::stale);
  if (causes.empty()) return std::nullopt;
  return *causes.begin();  // Cause lists them by precedence
}

void StatusFile::assign(const Assignment& assignment, const Stamp& stamp) {
  json& scope = *target(assignment);
  scope[json::json_pointer(assignment.pointer)] = assignment.value;
  if (assignment.pointer == "/readiness_check/status") scope["readiness_check"]["g_checked"] = stamp.g;
}

void StatusFile::append_line(const Write& write, const Stamp& stamp) {
  const Assignment& line = write.assignments.at(0);
  json& list = (*target(line))[json::json_pointer(line.pointer)];
  if (line.pointer == "/key_achievements_log")
    list.push_back({{"_locked_entry_definition", true},
                    {"g_event", stamp.g},
                    {"achievement_summary", line.value},
                    {"linked_task_id", nullptr},
                    {"linked_artifact_id", nullptr},
                    {"trace_id", stamp.trace_id}});
  else if (line.pointer == "/execution_log/retry_attempts_log")
    list.push_back({{"g", stamp.g}, {"note", line.value}, {"trace_id", stamp.trace_id}});
  else
    list.push_back(line.value);
}

void StatusFile::clear_blockers(const std::string& id) {
  json& list = root_["payload"]["overall_status_summary"]["active_blockers_summary"];
  const std::regex as_word("(^|[^A-Za-z0-9_-])" + id + "($|[^A-Za-z0-9_-])");
  json kept = json::array();
  for (const json& line : list)
    if (!std::regex_search(line.get<std::string>(), as_word)) kept.push_back(line);
  list = kept;
}

void StatusFile::seal_task(json& task, const Stamp& stamp, const std::string& archetype) {
  task["g_last_update"] = stamp.g;
  task["last_updated_by_persona_id"] = stamp.persona;
  task["last_updated_by_archetype"] = archetype;
  json unsigned_task = task;
  unsigned_task.erase("signature_hash");
  task["signature_hash"] = hash_of(unsigned_task);
}

void StatusFile::seal_file(const Stamp& stamp) {
  json& payload = root_["payload"];
  root_["os_file_header"]["g_file_last_modified"] = stamp.g;
  root_["os_file_header"]["v_file_instance"] = root_["os_file_header"]["v_file_instance"].get<std::int64_t>() + 1;
  payload["g_last_update"] = stamp.g;
  payload["last_mutation_trace_id"] = stamp.trace_id;
  const json& tasks = payload["tasks_status"];
  const auto done =
      std::count_if(tasks.begin(), tasks.end(), [](const json& task) { return task["status"] == "DONE"; });
  payload["overall_status_summary"]["overall_completion_percentage"] =
      tasks.empty() ? 0 : 100 * static_cast<std::size_t>(done) / tasks.size();
  payload["payload_hash_previous"] = payload["payload_hash_current"];
  json hashed = payload;
  hashed.erase("payload_hash_current");
  hashed["tasks_status"] = json::array();
  for (const json& task : tasks) hashed["tasks_status"].push_back(task["signature_hash"]);
  payload["payload_hash_current"] = hash_of(hashed);
}

Result StatusFile::change_membership(const Write& write, const Stamp& stamp) {
  if (!managers.contains(write.archetype)) return {Cause::access_denied};
  if (is_true(root_["payload"], list_lock)) return {Cause::not_permitted};
  json& tasks = root_["payload"]["tasks_status"];
  json* existing = task(write.task);
  if (write.form == Write::Form::remove_task) {
    if (has_set_lock(*existing)) return {Cause::not_permitted};
    tasks.erase(tasks.begin() + (existing - &tasks[0]));
  } else {
    if (existing) return {Cause::exists};
    tasks.push_back(
        {{"task_id_ref", write.task},
         {"status", "PENDING"},
         {"percent_complete", 0},
         {"readiness_check",
          {{"status", "NOT_CHECKED"},
           {"g_checked", nullptr},
           {"idempotency_key", nullptr},
           {"readiness_assessment_id_ref", nullptr}}},
         {"execution_log",
          {{"failure_details", nullptr}, {"retry_attempts_log", json::array()}, {"lock_override_log", json::array()}}},
         {"latest_test_status", nullptr}});
    seal_task(tasks.back(), stamp, write.archetype);
  }
  seal_file(stamp);
  return {std::nullopt, true};
}

Result StatusFile::apply(const Write& write, const Stamp& stamp) {
  if (write.form == Write::Form::add_task || write.form == Write::Form::remove_task)
    return change_membership(write, stamp);
  std::vector<Assignment> writes = effective(write);
  if (const auto cause = judge(write, writes)) return {cause};
  if (write.form != Write::Form::append) {
    std::erase_if(writes, [&](const Assignment& assignment) {
      const json::json_pointer pointer(assignment.pointer);
      const json& scope = *target(assignment);
      return scope.contains(pointer) && scope[pointer] == assignment.value;
    });
    if (writes.empty()) return {};
    if (add_consequences(writes)) return {Cause::not_permitted};
  }
  StatusFile next = *this;
  std::set<std::string> touched;
  for (const Assignment& assignment : writes) {
    if (write.form != Write::Form::append) next.assign(assignment, stamp);
    if (!assignment.task.empty()) touched.insert(assignment.task);
  }
  if (write.form == Write::Form::append) next.append_line(write, stamp);
  for (const std::string& id : touched)
    if (breaks_a_rule(*task(id), *next.task(id), write.archetype)) return {Cause::invalid};
  for (const std::string& id : touched) {
    if ((*task(id))["status"] == "BLOCKED" && (*next.task(id))["status"] != "BLOCKED") next.clear_blockers(id);
    next.seal_task(*next.task(id), stamp, write.archetype);
  }
  next.seal_file(stamp);
  root_ = std::move(next.root_);
  return {std::nullopt, true};
}

}  // namespace statusfs::model
