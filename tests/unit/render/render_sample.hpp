// Documents to render.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "mapping/document/parse.hpp"
#include "mapping/render/page_content.hpp"
#include "mapping/schema/mapping_loader.hpp"
#include "tests/unit/schema/test_files.hpp"

namespace statusfs {

inline std::string render_data(const std::string& name) { return text_of(test_data() / "render" / name); }

/// tests/data/render/NAME.json: "small" is a plan as it should be, "odd" one whose every text is an attack or a burden.
inline StatusDocument render_document(const std::string& name) {
  return {default_mapping(), parse_json(render_data(name + ".json"))};
}

}  // namespace statusfs
