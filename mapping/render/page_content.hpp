// What every page shows, taken from the document as the mapping's overview says; the renderers only lay it out.
//
// All text in it is a plain line (plain_text.hpp); nothing is escaped for any format yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mapping/tree/status_document.hpp"

namespace statusfs {

struct PageContent {
  struct Fact {
    std::string label, text;
  };
  struct Task {
    std::string name;
    std::size_t group = 0;                   ///< position in `groups`
    std::string value;                       ///< of the enum that groups; also one that the enum does not have
    std::optional<std::int64_t> percentage;  ///< 0 to 100
    std::int64_t changed = 0;                ///< the global counter's value at the last change
    std::vector<std::string> columns;        ///< as `column_labels`
  };
  struct Group {
    std::string value;
    Tone tone = Tone::neutral;
    std::vector<std::size_t> tasks;  ///< positions in `tasks`, the latest change first
  };
  struct Milestone {
    std::optional<std::int64_t> g;
    std::string text;
    std::string task;  ///< empty where it is linked to none
  };

  std::string title;
  std::vector<Fact> facts;  ///< those that have a value
  std::optional<std::int64_t> total;
  std::string tasks_label, milestones_label, by_label, progress_label,
      changed_label;  ///< empty where there is no such row
  std::vector<std::string> column_labels;
  std::vector<Task> tasks;    ///< in the file's order
  std::vector<Group> groups;  ///< one a value of the enum; a last one where tasks have other values
  std::vector<std::string> blockers;
  std::vector<Milestone> milestones;  ///< in the file's order

  Tone tone_of(const Task& task) const { return groups[task.group].tone; }
};

/// Precondition: the document's mapping has an overview.
PageContent page_content(const StatusDocument& document);

/// "execution_plan_id_ref" as people write it: "Execution plan id ref".
std::string label_of(const Field& field);

}  // namespace statusfs
