// Any bytes as a state file: refused with a reason, or the counter goes on and everything else stays.
#include <algorithm>

#include "fs/counter/global_counter.hpp"
#include "fs/counter/state_document.hpp"
#include "mapping/document/pointer.hpp"
#include "tests/fuzz/property.hpp"

namespace statusfs::fuzz {
namespace {

/// The document with the numbers that an advance changes set to 0.
Value without_numbers(std::string_view text) {
  Value value = parse_json(text);
  const bool is_current = value.find("os_file_header") != nullptr;
  const auto paths = is_current ? std::vector<std::string>{"/os_file_header/v_file_instance",
                                                           "/os_file_header/g_file_last_modified", "/payload/g"}
                                : std::vector<std::string>{"/header/v", "/header/g", "/g"};
  for (const std::string& path : paths) value = with_value_at(value, Pointer::parse(path), Value(std::int64_t{0}));
  return value;
}

void check(std::string_view text) {
  try {
    const StateDocument state = StateDocument::parse(text);
    require(state.g() >= 0 && state.g() <= largest_g, "g is within its range");
    if (state.g() == largest_g) return;
    const std::string next = state.advanced_to(state.g() + 1);
    require(StateDocument::parse(next).g() == state.g() + 1, "the next version says the next g");
    require(without_numbers(next) == without_numbers(text), "nothing but the numbers changes");
    const std::string again = StateDocument::parse(next).advanced_to(state.g() + 1);
    require(without_numbers(again) == without_numbers(next), "nor by a second one");
    require(std::ranges::count(again, '\n') == std::ranges::count(next, '\n'), "the form stays");
    require((next.find('\n') == next.size() - 1) || text.find('\n') != std::string_view::npos,
            "one line stays one line");
  } catch (const StateFileError& error) {
    require(!std::string_view(error.what()).empty(), "a refusal has a reason");
  }
}

}  // namespace
}  // namespace statusfs::fuzz

STATUSFS_FUZZ_TARGET(statusfs::fuzz::check)
