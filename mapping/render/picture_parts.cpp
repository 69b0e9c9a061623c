#include "mapping/render/picture_parts.hpp"

#include "mapping/render/plain_text.hpp"

namespace statusfs {

std::string_view class_of(Tone tone) noexcept {
  switch (tone) {
    case Tone::neutral:
      return "tone-neutral";
    case Tone::active:
      return "tone-active";
    case Tone::good:
      return "tone-good";
    case Tone::attention:
      return "tone-attention";
    case Tone::bad:
      return "tone-bad";
  }
  return {};
}

std::string text_markup(std::string_view plain_line) { return markup_escaped(isolated(plain_line)); }

// Each share ends at the rounded end of the tasks so far, so that no pixel is lost or doubled.
void append_share_bar(std::string& out, const PageContent& content, int x, int y, int width, int height) {
  const std::size_t all = content.tasks.size();
  const auto position = [&](std::size_t tasks) {
    return x + static_cast<int>((tasks * static_cast<std::size_t>(width) + all / 2) / std::max<std::size_t>(all, 1));
  };
  std::size_t before = 0;
  for (const PageContent::Group& group : content.groups) {
    const int start = position(before);
    before += group.tasks.size();
    const int end = position(before);
    if (end == start) continue;
    out += "<rect class=\"" + std::string(class_of(group.tone)) + "\" x=\"" + std::to_string(start) + "\" y=\"" +
           std::to_string(y) + "\" width=\"" + std::to_string(end - start) + "\" height=\"" + std::to_string(height) +
           "\"><title>" + text_markup(group.value) + ": " + std::to_string(group.tasks.size()) + "</title></rect>";
  }
}

}  // namespace statusfs
