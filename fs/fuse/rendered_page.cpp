#include "fs/fuse/rendered_page.hpp"

#include "mapping/render/page.hpp"

namespace statusfs {

const std::string& RenderedPage::text() const {
  std::call_once(rendered_, [this] { text_ = page_text(*state_->document, row_); });
  return text_;
}

}  // namespace statusfs
