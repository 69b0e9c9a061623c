// What the files of a SOURCE are called: status files, plans, and what stands beside a status file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace statusfs {

/// exec_status_125 of exec_status_125.txt; nothing for any other name.
std::optional<std::string> stem_of(std::string_view file_name);
/// exec_status_125.txt of exec_status_125.
std::string file_name_of(std::string_view stem);

/// Whether it is the name of a plan: exec_plan_125.txt.
bool is_plan_name(std::string_view file_name);
/// exec_plan_125.txt of exec_plan_125.
std::string plan_name_of_id(std::string_view plan_id);
/// The status file that is named like the plan: exec_status_125 of exec_plan_125.txt. Precondition: is_plan_name().
std::string stem_of_plan(std::string_view plan_name);
/// The plan that is named like the status file: exec_plan_125.txt of exec_status_125.
std::string plan_name_of_stem(std::string_view stem);

// What stands beside a status file. `path` is that of its JSON, with the directory or without.
std::string journal_of(std::string_view path);
std::string closed_journal_directory(std::string_view path);
std::string lock_of(std::string_view path);
std::string signature_of(std::string_view path);
/// What another program put in its place. Of a journal, too.
std::string foreign_copy_of(std::string_view path, std::uint64_t number);
/// The number of such a copy; the whole name where it is none.
std::string_view number_of_foreign_copy(std::string_view name);
/// The JSON that a journal belongs to; any other name stays as it is.
std::string without_journal_suffix(std::string_view path);

}  // namespace statusfs
