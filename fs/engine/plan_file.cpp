#include "fs/engine/plan_file.hpp"

#include <utility>

#include "mapping/document/parse.hpp"
#include "mapping/rejection.hpp"
#include "mapping/tree/template.hpp"

namespace statusfs {
namespace {

// The plan that the document names, as a file name; empty where it names none that can be one.
std::string plan_id_of(const StatusDocument& document) {
  const Field* field = field_initialised_by(document.mapping(), "{plan_id}");
  const Value* value = field ? document.value_of(*field) : nullptr;
  if (!value || !value->is_string()) return {};
  const std::string id(value->as_string());
  return is_plan_name(plan_name_of_id(id)) ? id : std::string();
}

}  // namespace

std::string plan_file_name(const StatusDocument& document) {
  const std::string id = plan_id_of(document);
  return id.empty() ? std::string() : plan_name_of_id(id);
}

PlanFile::PlanFile(StatusSource& source, const std::function<void(const std::string&)>& warn)
    : source_(source), warn_(warn) {}

bool PlanFile::refresh(const StatusDocument& document) {
  const std::string id = plan_id_of(document);
  const std::string file_name = plan_file_name(document);
  if (file_name == file_name_ && (file_name.empty() || is_unchanged_())) return false;
  if (file_name != file_name_) plan_ = nullptr;
  file_name_ = file_name;
  if (file_name.empty())
    complaint_.clear();
  else
    read(file_name, id);
  return true;
}

void PlanFile::read(const std::string& file_name, const std::string& id) {
  const std::string earlier_complaint = std::exchange(complaint_, {});
  PlanReading reading = source_.read_plan(file_name);
  is_unchanged_ = std::move(reading.is_unchanged);
  try {
    if (!reading.failure.empty()) throw Rejection(Cause::invalid, reading.failure);
    if (!reading.text) return void(plan_ = nullptr);
    auto plan = std::make_shared<const Plan>(parse_json(*reading.text));
    if (plan->id() != id)
      throw Rejection(Cause::invalid,
                      "/payload/execution_plan_id is \"" + plan->id() + "\"; it must be \"" + id + "\"");
    plan_ = std::move(plan);
  } catch (const std::exception& error) {
    complaint_ = reading.path + ": " + error.what();
    if (complaint_ == earlier_complaint) return;
    warn_(complaint_ +
          (plan_ ? "; the plan that was read before stays in force" : "; its status file takes no writes"));
  }
}

std::string PlanFile::hindrance() const {
  if (!plan_) return complaint_.empty() ? std::string() : "its plan cannot be used: " + complaint_;
  if (!plan_->final_validation_status()) return {};
  return "its plan " + plan_->id() + " is closed (final_validation_status " + *plan_->final_validation_status() + ")";
}

}  // namespace statusfs
