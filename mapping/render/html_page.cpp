#include "mapping/render/html_page.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>

#include "mapping/render/assets.hpp"
#include "mapping/render/picture_parts.hpp"
#include "mapping/render/plain_text.hpp"

namespace statusfs {
namespace {

// As a Content-Security-Policy names what it lets through: sha256-<base64>.
std::string policy_hash(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 4 * (SHA256_DIGEST_LENGTH + 2) / 3 + 1> encoded{};
  const int size = EVP_EncodeBlock(encoded.data(), digest.data(), SHA256_DIGEST_LENGTH);
  return "'sha256-" + std::string(reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(size)) + "'";
}

std::string style() { return std::string(tone_style()).append(html_style()); }

// Text of the file as an element of its own direction.
std::string bdi(std::string_view line) { return "<bdi>" + markup_escaped(line) + "</bdi>"; }

class HtmlPage {
 public:
  explicit HtmlPage(const PageContent& content) : content_(content) {}

  std::string draw() {
    append_top();
    append_head();
    append_blockers();
    append_tasks();
    append_milestones();
    out_ += "</main>\n<script>" + std::string(html_script()) + "</script>\n</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  void append_top() {
    out_ +=
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src " +
        policy_hash(style()) + "; script-src " + policy_hash(html_script()) +
        "; base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n"
        "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>\n<title>";
    if (content_.total) out_ += std::to_string(*content_.total) + " % ";
    out_ += text_markup(content_.title) + "</title>\n<style>" + style() + "</style>\n</head>\n<body>\n<main>\n";
  }

  void append_head() {
    out_ += "<header><h1>" + bdi(content_.title) + "</h1>";
    if (content_.total) out_ += "<span class=\"total\">" + std::to_string(*content_.total) + " %</span>";
    out_ += "</header>\n<ul class=\"facts\">";
    for (const PageContent::Fact& fact : content_.facts)
      out_ += "<li>" + markup_escaped(fact.label) + ": " + bdi(fact.text) + "</li>";
    out_ += "</ul>\n<svg class=\"shares\" viewBox=\"0 0 1000 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\">";
    append_share_bar(out_, content_, 0, 0, 1000, 12);
    out_ += "</svg>\n<div class=\"counts\">";
    for (std::size_t group = 0; group < content_.groups.size(); ++group) append_count(group);
    out_ += "</div>\n";
  }

  void append_count(std::size_t position) {
    const PageContent::Group& group = content_.groups[position];
    out_ += "<button type=\"button\" value=\"" + std::to_string(position) + "\" class=\"" +
            std::string(class_of(group.tone)) + "\"><span class=\"dot\"></span>" + bdi(group.value) + " " +
            std::to_string(group.tasks.size()) + "</button>";
  }

  void append_blockers() {
    if (content_.blockers.empty()) return;
    out_ += "<section class=\"panel blockers\"><h2>Blockers</h2><ul>";
    for (const std::string& blocker : content_.blockers) out_ += "<li>" + bdi(blocker) + "</li>";
    out_ += "</ul></section>\n";
  }

  void append_tasks() {
    out_ +=
        "<section class=\"panel\"><div class=\"tools\" hidden><input type=\"search\" placeholder=\"Search\" "
        "aria-label=\"Search\"><label><input type=\"checkbox\"> refresh every 5 s</label></div>\n<table>\n<thead><tr>";
    for (const std::string& label : heads()) out_ += "<th><button type=\"button\">" + bdi(label) + "</button></th>";
    out_ += "</tr></thead>\n<tbody>\n";
    for (const PageContent::Task& task : content_.tasks) append_task(task);
    out_ += "</tbody>\n</table></section>\n";
  }

  std::vector<std::string> heads() const {
    std::vector<std::string> labels{"Task", content_.by_label};
    if (!content_.progress_label.empty()) labels.push_back(content_.progress_label);
    if (!content_.changed_label.empty()) labels.push_back(content_.changed_label);
    labels.insert(labels.end(), content_.column_labels.begin(), content_.column_labels.end());
    return labels;
  }

  // The script sorts by data-order where a cell has one, and by its text elsewhere.
  void append_task(const PageContent::Task& task) {
    const std::string group = std::to_string(task.group);
    out_ += "<tr data-group=\"" + group + "\" class=\"" + std::string(class_of(content_.tone_of(task))) +
            "\"><td class=\"name\">" + bdi(task.name) + "</td><td data-order=\"" + group + "\"><span class=\"pill\">" +
            bdi(task.value) + "</span></td>";
    if (!content_.progress_label.empty()) append_progress(task.percentage);
    if (!content_.changed_label.empty()) {
      const std::string g = std::to_string(task.changed);
      out_ += "<td class=\"number\" data-order=\"" + g + "\">" + g + "</td>";
    }
    for (const std::string& column : task.columns) out_ += "<td>" + bdi(column) + "</td>";
    out_ += "</tr>\n";
  }

  void append_progress(const std::optional<std::int64_t>& percentage) {
    const std::string number = std::to_string(percentage.value_or(-1));
    out_ += "<td class=\"progress number\" data-order=\"" + number + "\">";
    if (percentage) out_ += "<progress max=\"100\" value=\"" + number + "\"></progress>" + number + " %";
    out_ += "</td>";
  }

  // Newest first.
  void append_milestones() {
    if (content_.milestones.empty()) return;
    out_ +=
        "<section class=\"panel\"><h2>" + markup_escaped(content_.milestones_label) + "</h2><ol class=\"timeline\">\n";
    for (auto milestone = content_.milestones.rbegin(); milestone != content_.milestones.rend(); ++milestone) {
      out_ += "<li>";
      if (milestone->g) out_ += "<span class=\"g\">g " + std::to_string(*milestone->g) + "</span>";
      out_ += bdi(milestone->text);
      if (!milestone->task.empty()) out_ += "<span class=\"task\">" + bdi(milestone->task) + "</span>";
      out_ += "</li>\n";
    }
    out_ += "</ol></section>\n";
  }

  const PageContent& content_;
  std::string out_;
};

}  // namespace

std::string html_page(const PageContent& content) { return HtmlPage(content).draw(); }

}  // namespace statusfs
