// Documents to render.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "mapping/document/parse.hpp"
#include "mapping/render/page_content.hpp"
#include "mapping/schema/mapping_loader.hpp"

namespace statusfs {

inline std::string render_data(const std::string& name) {
  std::ifstream file(std::string(STATUSFS_TEST_DATA) + "/render/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name << " cannot be read";
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// tests/data/render/NAME.json: "small" is a plan as it should be, "odd" one whose every text is an attack or a burden.
inline StatusDocument render_document(const std::string& name) {
  return {default_mapping(), parse_json(render_data(name + ".json"))};
}

}  // namespace statusfs
