#include "mapping/render/page.hpp"

#include "mapping/render/html_page.hpp"
#include "mapping/render/markdown_page.hpp"
#include "mapping/render/svg_page.hpp"

namespace statusfs {

std::string page_text(const StatusDocument& document, const Field& page) {
  const PageContent content = page_content(document);
  switch (page.page_format) {
    case PageFormat::markdown:
      return markdown_page(content);
    case PageFormat::svg:
      return svg_page(content);
    case PageFormat::html:
      return html_page(content);
  }
  return {};
}

bool is_page(const Node& node) noexcept {
  return node.kind == Node::Kind::field && node.field->type == FieldType::page;
}

}  // namespace statusfs
