// The text of mapping/exec_status.v1.yaml, compiled in.
#pragma once

#include <string_view>

namespace statusfs {

std::string_view default_mapping_text();

}  // namespace statusfs
