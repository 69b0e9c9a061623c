#include "fs/engine/plan_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "fs/store/unique_fd.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/rejection.hpp"
#include "mapping/tree/template.hpp"

namespace statusfs {
namespace {

constexpr std::string_view prefix = "exec_plan_";
constexpr std::string_view suffix = ".txt";
constexpr std::chrono::milliseconds settling_time(50);
constexpr std::int64_t largest_plan = std::int64_t{256} << 20;  // bytes

bool is_same(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino && one.st_size == other.st_size &&
         one.st_mtim.tv_sec == other.st_mtim.tv_sec && one.st_mtim.tv_nsec == other.st_mtim.tv_nsec &&
         one.st_ctim.tv_sec == other.st_ctim.tv_sec && one.st_ctim.tv_nsec == other.st_ctim.tv_nsec;
}

// The plan that the document names, as a file name; empty where it names none that can be one.
std::string plan_id_of(const StatusDocument& document) {
  const Field* field = field_initialised_by(document.mapping(), "{plan_id}");
  const Value* value = field ? document.value_of(*field) : nullptr;
  if (!value || !value->is_string()) return {};
  const std::string id(value->as_string());
  return plan_number_of(id + std::string(suffix)) ? id : std::string();
}

std::string content_of(int file, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) throw Rejection(Cause::invalid, "it is no regular file");
  if (status.st_size > largest_plan) throw Rejection(Cause::invalid, "it is larger than 256 MiB");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t count = ::read(file, text.data() + filled, text.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw std::system_error(errno, std::generic_category());
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  text.resize(filled);
  return text;
}

}  // namespace

std::string plan_file_name(const StatusDocument& document) {
  const std::string id = plan_id_of(document);
  return id.empty() ? std::string() : id + std::string(suffix);
}

std::optional<std::string> plan_number_of(std::string_view file_name) {
  const bool matches = file_name.size() > prefix.size() + suffix.size() && file_name.starts_with(prefix) &&
                       file_name.ends_with(suffix) && file_name.find('/') == std::string_view::npos;
  if (!matches) return std::nullopt;
  return std::string(file_name.substr(prefix.size(), file_name.size() - prefix.size() - suffix.size()));
}

PlanFile::PlanFile(std::string directory, const std::function<void(const std::string&)>& log)
    : directory_(std::move(directory)), log_(log) {}

bool PlanFile::is_unchanged(const std::string& path) {
  struct stat status {};
  if (path != path_) return false;
  if (::stat(path.c_str(), &status) != 0) return !status_ && (errno == ENOENT || errno == ENOTDIR);
  // The kernel's stamps move in steps: what was changed shortly before it was read may have been changed after that.
  const auto changed = std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  const bool was_settled = changed + settling_time < read_at_.time_since_epoch();
  return status_ && was_settled && is_same(*status_, status);
}

bool PlanFile::refresh(const StatusDocument& document) {
  const std::string id = plan_id_of(document);
  const std::string path = id.empty() ? std::string() : directory_ + "/" + plan_file_name(document);
  if (path == path_ && (path.empty() || is_unchanged(path))) return false;
  if (path != path_) plan_ = nullptr;
  path_ = path;
  if (path.empty())
    complaint_.clear();
  else
    read(path, id);
  return true;
}

void PlanFile::read(const std::string& path, const std::string& id) {
  const std::string earlier_complaint = std::exchange(complaint_, {});
  read_at_ = std::chrono::system_clock::now();
  struct stat status {};
  const bool is_there = ::stat(path.c_str(), &status) == 0;
  status_ = is_there ? std::optional(status) : std::nullopt;
  try {
    if (!is_there && errno != ENOENT && errno != ENOTDIR) throw std::system_error(errno, std::generic_category());
    if (!is_there) return void(plan_ = nullptr);
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0) throw std::system_error(errno, std::generic_category());
    auto plan = std::make_shared<const Plan>(parse_json(content_of(file.get(), status)));
    if (plan->id() != id)
      throw Rejection(Cause::invalid, "/payload/execution_plan_id is \"" + plan->id() + "\"; it must be \"" + id + "\"");
    plan_ = std::move(plan);
  } catch (const std::exception& error) {
    complaint_ = path + ": " + error.what();
    if (complaint_ == earlier_complaint) return;
    log_(complaint_ + (plan_ ? "; the plan that was read before stays in force" : "; its status file takes no writes"));
  }
}

std::string PlanFile::hindrance() const {
  if (!plan_) return complaint_.empty() ? std::string() : "its plan cannot be used: " + complaint_;
  if (!plan_->final_validation_status()) return {};
  return "its plan " + plan_->id() + " is closed (final_validation_status " + *plan_->final_validation_status() + ")";
}

}  // namespace statusfs
