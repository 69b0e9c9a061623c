#include "mapping/render/svg_page.hpp"

#include <algorithm>
#include <cmath>

#include "mapping/render/assets.hpp"
#include "mapping/render/picture_parts.hpp"
#include "mapping/render/plain_text.hpp"

namespace statusfs {
namespace {

// Lengths are pixels; text widths are estimated from the width of an average letter of the font.
constexpr int margin = 24, gap = 12, padding = 10;
constexpr int column_width = 224, card_height = 54, card_gap = 8;
constexpr int smallest_width = 720;
constexpr std::size_t most_cards = 20;  // of a column; the other tasks are small squares
constexpr int square = 6, square_pitch = 8;
constexpr std::size_t most_blockers = 8, most_milestones = 12;
constexpr int line_height = 20;
constexpr int letter = 7, small_letter = 6;

std::size_t letters_in(int width, int of_width) { return static_cast<std::size_t>(std::max(width / of_width, 1)); }

std::string attribute(std::string_view name, int value) {
  return " " + std::string(name) + "=\"" + std::to_string(value) + "\"";
}

class SvgPage {
 public:
  explicit SvgPage(const PageContent& content) : content_(content) {
    const int columns = static_cast<int>(content.groups.size());
    width_ = std::max(2 * margin + columns * column_width + (columns - 1) * gap, smallest_width);
  }

  std::string draw() {
    y_ = margin;
    draw_head();
    draw_blockers();
    draw_columns();
    draw_milestones();
    return framed();
  }

 private:
  int inner_width() const { return width_ - 2 * margin; }

  // What comes from the file is isolated by the caller, part by part, so that parts of both directions keep their
  // order.
  void text(int x, int y, std::string_view css, std::string_view line, std::size_t letters) {
    body_ += "<text" + attribute("x", x) + attribute("y", y);
    if (!css.empty()) body_ += " class=\"" + std::string(css) + "\"";
    body_ += ">" + markup_escaped(shortened(line, letters)) + "</text>\n";
  }

  void rectangle(int x, int y, int width, int height, std::string_view css, int radius) {
    body_ += "<rect" + attribute("x", x) + attribute("y", y) + attribute("width", width) + attribute("height", height) +
             attribute("rx", radius) + " class=\"" + std::string(css) + "\"/>\n";
  }

  // A rounded bar of a percentage.
  void bar(int x, int y, int width, int height, std::int64_t percentage, Tone tone) {
    rectangle(x, y, width, height, "track", height / 2);
    const int filled = static_cast<int>((width * percentage + 50) / 100);
    if (filled > 0) rectangle(x, y, std::max(filled, height), height, class_of(tone), height / 2);
  }

  void draw_head() {
    text(margin, y_ + 20, "title", isolated(content_.title), letters_in(inner_width() - 120, 12));
    if (content_.total) text(width_ - margin, y_ + 22, "total", std::to_string(*content_.total) + " %", 10);
    y_ += 40;
    std::string facts = std::to_string(content_.tasks.size()) + (content_.tasks.size() == 1 ? " task" : " tasks");
    for (const PageContent::Fact& fact : content_.facts)
      facts += "  \xC2\xB7  " + fact.label + ": " + isolated(fact.text);
    text(margin, y_ + 4, "small", facts, letters_in(inner_width(), small_letter));
    y_ += 16;
    rectangle(margin, y_, inner_width(), 12, "track", 6);
    body_ += "<clipPath id=\"shares\"><rect" + attribute("x", margin) + attribute("y", y_) +
             attribute("width", inner_width()) + attribute("height", 12) + " rx=\"6\"/></clipPath>\n";
    body_ += "<g clip-path=\"url(#shares)\">";
    append_share_bar(body_, content_, margin, y_, inner_width(), 12);
    body_ += "</g>\n";
    y_ += 12 + gap + 4;
  }

  void draw_blockers() {
    const std::size_t count = content_.blockers.size();
    if (count == 0) return;
    const std::size_t shown = std::min(count, most_blockers);
    const int lines = static_cast<int>(shown) + (count > shown ? 2 : 1);
    rectangle(margin, y_, inner_width(), lines * line_height + 16, "blockers", 8);
    int line = y_ + 22;
    text(margin + padding, line, "blockers-head", count == 1 ? "1 blocker" : std::to_string(count) + " blockers", 40);
    for (std::size_t position = 0; position < shown; ++position)
      text(margin + padding, line += line_height, "blocker", isolated(content_.blockers[position]),
           letters_in(inner_width() - 2 * padding, letter));
    if (count > shown)
      text(margin + padding, line + line_height, "small", "and " + std::to_string(count - shown) + " more", 40);
    y_ += lines * line_height + 16 + gap;
  }

  void draw_columns() {
    int tallest = 0;
    for (const PageContent::Group& group : content_.groups) tallest = std::max(tallest, height_of(group));
    int x = margin;
    for (const PageContent::Group& group : content_.groups) {
      rectangle(x, y_, column_width, tallest, "panel", 8);
      draw_group(group, x);
      x += column_width + gap;
    }
    y_ += tallest + gap;
  }

  static std::size_t cards_of(const PageContent::Group& group) { return std::min(group.tasks.size(), most_cards); }
  static constexpr int squares_in_a_row = (column_width - 2 * padding + square_pitch - square) / square_pitch;

  static int height_of(const PageContent::Group& group) {
    const int cards = static_cast<int>(cards_of(group)), others = static_cast<int>(group.tasks.size()) - cards;
    const int rows = (others + squares_in_a_row - 1) / squares_in_a_row;
    return 42 + std::max(cards, 1) * (card_height + card_gap) + (others > 0 ? 24 + rows * square_pitch + padding : 0);
  }

  void draw_group(const PageContent::Group& group, int x) {
    body_ += "<circle" + attribute("cx", x + padding + 5) + attribute("cy", y_ + 21) + " r=\"5\" class=\"" +
             std::string(class_of(group.tone)) + "\"/>\n";
    text(x + padding + 18, y_ + 26, "head", isolated(group.value), letters_in(column_width - 80, letter + 1));
    text(x + column_width - padding, y_ + 26, "number", std::to_string(group.tasks.size()), 10);
    int y = y_ + 42;
    for (std::size_t position = 0; position < cards_of(group); ++position, y += card_height + card_gap)
      draw_card(content_.tasks[group.tasks[position]], group, x + padding, y);
    if (group.tasks.size() > most_cards) draw_squares(group, x + padding, y);
  }

  // A nested <svg> cuts off what is wider than the estimate.
  void draw_card(const PageContent::Task& task, const PageContent::Group& group, int x, int y) {
    constexpr int width = column_width - 2 * padding;
    body_ += "<svg" + attribute("x", x) + attribute("y", y) + attribute("width", width) +
             attribute("height", card_height) + "><title>" + markup_escaped(described(task)) + "</title>\n";
    body_ += "<rect x=\"0.5\" y=\"0.5\"" + attribute("width", width - 1) + attribute("height", card_height - 1) +
             " rx=\"6\" class=\"card\"/>\n";
    body_ += "<svg" + attribute("width", width - 46) + attribute("height", 25) + ">";
    text(9, 19, "name", isolated(task.name), letters_in(width - 64, letter));
    body_ += "</svg>\n";
    if (task.percentage) {
      text(width - 8, 19, "number", std::to_string(*task.percentage) + " %", 6);
      bar(9, 27, width - 18, 5, *task.percentage, group.tone);
    }
    text(9, 46, "small", details(task), letters_in(width - 18, small_letter));
    body_ += "</svg>\n";
  }

  std::string details(const PageContent::Task& task) const {
    const bool is_foreign = content_.groups[task.group].value != task.value;
    std::string text = is_foreign ? isolated(task.value) : std::string();
    for (const std::string& column : task.columns)
      if (!column.empty()) text += (text.empty() ? "" : " \xC2\xB7 ") + isolated(column);
    if (!content_.changed_label.empty())
      text = "g " + std::to_string(task.changed) + (text.empty() ? "" : " \xC2\xB7 ") + text;
    return text;
  }

  std::string described(const PageContent::Task& task) const {
    return isolated(task.name) + (task.percentage ? ", " + std::to_string(*task.percentage) + " %" : "") + ", " +
           details(task);
  }

  void draw_squares(const PageContent::Group& group, int x, int y) {
    const std::size_t others = group.tasks.size() - most_cards;
    text(x, y + 14, "small", std::to_string(others) + " more, changed before those", 60);
    y += 24;
    for (std::size_t position = 0; position < others; ++position) {
      const PageContent::Task& task = content_.tasks[group.tasks[most_cards + position]];
      const int column = static_cast<int>(position) % squares_in_a_row,
                row = static_cast<int>(position) / squares_in_a_row;
      body_ += "<rect" + attribute("x", x + column * square_pitch) + attribute("y", y + row * square_pitch) +
               attribute("width", square) + attribute("height", square) + " class=\"" +
               std::string(class_of(group.tone)) + "\" opacity=\"" + opacity(task) + "\"><title>" +
               markup_escaped(described(task)) + "</title></rect>\n";
    }
  }

  // The further a task is, the stronger its colour.
  static std::string opacity(const PageContent::Task& task) {
    const std::int64_t hundredths = 35 + task.percentage.value_or(100) * 65 / 100;
    return hundredths >= 100 ? "1" : "0." + std::to_string(hundredths);
  }

  void draw_milestones() {
    const std::size_t count = content_.milestones.size();
    if (count == 0) return;
    const std::size_t shown = std::min(count, most_milestones);
    const int rows = static_cast<int>(shown + 1) / 2;
    const int height = 92 + rows * line_height + (count > shown ? line_height : 0);
    rectangle(margin, y_, inner_width(), height, "panel", 8);
    text(margin + padding, y_ + 26, "head", content_.milestones_label, 60);
    text(width_ - margin - padding, y_ + 26, "number", std::to_string(count), 10);
    draw_axis(y_ + 50);
    draw_latest(y_ + 96, shown, rows);
    if (count > shown)
      text(margin + padding, y_ + 96 + rows * line_height, "small", "and " + std::to_string(count - shown) + " earlier",
           40);
    y_ += height + gap;
  }

  void draw_axis(int y) {
    std::int64_t first = 0, last = 0;
    bool is_first = true;
    for (const PageContent::Milestone& milestone : content_.milestones) {
      if (!milestone.g) continue;
      first = is_first ? *milestone.g : std::min(first, *milestone.g);
      last = is_first ? *milestone.g : std::max(last, *milestone.g);
      is_first = false;
    }
    if (is_first) return;
    const int left = margin + padding + 8, length = inner_width() - 2 * (padding + 8);
    body_ += "<path d=\"M" + std::to_string(left) + " " + std::to_string(y) + "h" + std::to_string(length) +
             "\" class=\"axis\"/>\n";
    for (const PageContent::Milestone& milestone : content_.milestones) {
      if (!milestone.g) continue;
      // As doubles: the numbers of a file may lie further apart than an integer reaches.
      const double from = static_cast<double>(first), span = static_cast<double>(last) - from;
      const double share = last == first ? 0.5 : (static_cast<double>(*milestone.g) - from) / span;
      body_ += "<circle" + attribute("cx", left + static_cast<int>(std::lround(share * length))) + attribute("cy", y) +
               " r=\"6\" class=\"milestone\"><title>g " + std::to_string(*milestone.g) + ": " +
               text_markup(milestone.text) + "</title></circle>\n";
    }
    if (first == last) return;
    text(left, y + 20, "small", "g " + std::to_string(first), 24);
    text(left + length, y + 20, "small end", "g " + std::to_string(last), 24);
  }

  // The latest, newest first, in two columns.
  void draw_latest(int y, std::size_t shown, int rows) {
    const int half = (inner_width() - 3 * padding) / 2;
    for (std::size_t position = 0; position < shown; ++position) {
      const PageContent::Milestone& milestone = content_.milestones[content_.milestones.size() - 1 - position];
      const int column = static_cast<int>(position) / rows, row = static_cast<int>(position) % rows;
      const int x = margin + padding + column * (half + padding), line = y + row * line_height;
      const std::string g = milestone.g ? "g " + std::to_string(*milestone.g) : std::string();
      const int indent = std::max(56, static_cast<int>(g.size()) * 8 + 10);
      text(x, line, "g", g, 24);
      const std::string task = milestone.task.empty() ? "" : "  \xC2\xB7  " + isolated(milestone.task);
      text(x + indent, line, "", isolated(milestone.text) + task, letters_in(half - indent, letter));
    }
  }

  std::string framed() const {
    const int height = y_ - gap + margin;
    std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\"" + attribute("width", width_) +
                      attribute("height", height) + " viewBox=\"0 0 " + std::to_string(width_) + " " +
                      std::to_string(height) + "\" role=\"img\">\n<title>" + text_markup(content_.title) +
                      "</title>\n<style>\n";
    out.append(tone_style())
        .append(svg_style())
        .append("</style>\n<rect width=\"100%\" height=\"100%\" class=\"page\"/>\n");
    return out.append(body_).append("</svg>\n");
  }

  const PageContent& content_;
  int width_ = 0;
  int y_ = 0;  // where the next part begins
  std::string body_;
};

}  // namespace

std::string svg_page(const PageContent& content) { return SvgPage(content).draw(); }

}  // namespace statusfs
