#include "mapping/render/markdown_page.hpp"

#include <algorithm>

#include "mapping/render/plain_text.hpp"

namespace statusfs {
namespace {

// An underscore within a word is no emphasis, and names are easier to read without the backslash.
bool needs_backslash(std::string_view text, std::size_t at) {
  if (text[at] == '_') return at == 0 || !is_in_word(text, at - 1) || !is_in_word(text, at + 1);
  return std::string_view("\\`*[]<>#|~!&$@").find(text[at]) != std::string_view::npos ||
         (at == 0 && std::string_view("+-=").find(text[at]) != std::string_view::npos) ||
         text.substr(at).starts_with("://");
}

// "1." at the beginning would be a list; elsewhere a full stop needs nothing.
bool is_list_number(std::string_view text, std::size_t at) {
  return at > 0 && (text[at] == '.' || text[at] == ')') &&
         text.substr(0, at).find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_web_address(std::string_view text, std::size_t at) {
  return text[at] == '.' && at >= 3 && text.substr(at - 3, 3) == "www";
}

std::string escaped(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));  // indented text would be code
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_stop = text[at] == '.' || text[at] == ')';
    const bool is_markup = is_stop ? is_list_number(text, at) || is_web_address(text, at) : needs_backslash(text, at);
    if (is_markup) result += '\\';
    result += text[at];
  }
  return isolated(result);
}

std::size_t longest_run_of_backticks(std::string_view text) {
  std::size_t longest = 0, run = 0;
  for (const char byte : text) {
    run = byte == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

// A name as code: nothing in it is markup, but for backticks and, in a table, the bar.
std::string code(std::string_view text) {
  const std::string fence(longest_run_of_backticks(text) + 1, '`');
  const std::string space = fence.size() > 1 ? " " : "";
  std::string inner;
  for (const char byte : isolated(text)) {
    if (byte == '|') inner += '\\';
    inner += byte;
  }
  return fence + space + inner + space + fence;
}

std::string bar(std::int64_t percentage) {
  std::string result;
  for (std::int64_t cell = 1; cell <= 10; ++cell) result += cell * 10 <= percentage ? "\xE2\x96\x88" : "\xE2\x96\x91";
  return result;
}

std::string progress(const std::optional<std::int64_t>& percentage) {
  return percentage ? bar(*percentage) + " " + std::to_string(*percentage) + " %" : std::string();
}

void append_row(std::string& out, const std::vector<std::string>& cells) {
  for (const std::string& cell : cells) out += "| " + cell + " ";
  out += "|\n";
}

std::string counts(const PageContent& content) {
  std::string text;
  for (const PageContent::Group& group : content.groups)
    if (!group.tasks.empty())
      text += (text.empty() ? "" : ", ") + std::to_string(group.tasks.size()) + " " + escaped(group.value);
  return text.empty() ? "no tasks" : text;
}

void append_head(std::string& out, const PageContent& content) {
  out += "# " + escaped(content.title) + "\n\n";
  if (content.total) out += "**" + std::to_string(*content.total) + " %** " + bar(*content.total) + " \xE2\x80\x94 ";
  out += counts(content) + "\n";
  if (!content.facts.empty()) out += "\n";
  for (const PageContent::Fact& fact : content.facts)
    out += "- " + escaped(fact.label) + ": " + escaped(fact.text) + "\n";
}

void append_blockers(std::string& out, const PageContent& content) {
  if (content.blockers.empty()) return;
  out += "\n## Blockers\n\n";
  for (const std::string& blocker : content.blockers) out += "- " + escaped(blocker) + "\n";
}

void append_tasks(std::string& out, const PageContent& content) {
  out += "\n## " + escaped(content.tasks_label) + "\n\n";
  std::vector<std::string> heads{"Task", escaped(content.by_label)}, rules{"---", "---"};
  if (!content.progress_label.empty()) heads.push_back(escaped(content.progress_label)), rules.push_back("---");
  if (!content.changed_label.empty()) heads.push_back(escaped(content.changed_label)), rules.push_back("---:");
  for (const std::string& label : content.column_labels) heads.push_back(escaped(label)), rules.push_back("---");
  append_row(out, heads);
  append_row(out, rules);
  for (const PageContent::Task& task : content.tasks) {
    std::vector<std::string> cells{code(task.name), escaped(task.value)};
    if (!content.progress_label.empty()) cells.push_back(progress(task.percentage));
    if (!content.changed_label.empty()) cells.push_back(std::to_string(task.changed));
    for (const std::string& column : task.columns) cells.push_back(escaped(column));
    append_row(out, cells);
  }
}

void append_milestones(std::string& out, const PageContent& content) {
  if (content.milestones.empty()) return;
  out += "\n## " + escaped(content.milestones_label) + "\n\n";
  append_row(out, {"g", "What", "Task"});
  append_row(out, {"---:", "---", "---"});
  for (const PageContent::Milestone& milestone : content.milestones)
    append_row(out, {milestone.g ? std::to_string(*milestone.g) : "", escaped(milestone.text),
                     milestone.task.empty() ? "" : code(milestone.task)});
}

}  // namespace

std::string markdown_page(const PageContent& content) {
  std::string out;
  append_head(out, content);
  append_blockers(out, content);
  append_tasks(out, content);
  append_milestones(out, content);
  return out;
}

}  // namespace statusfs
