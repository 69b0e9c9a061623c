#include "fs/store/store.hpp"

#include <optional>
#include <stdexcept>

#include "mapping/chain/journal_record.hpp"

namespace statusfs {

std::uint64_t Store::record_count() {
  std::uint64_t count = 0;
  visit_records_backwards([&](std::string_view) { return ++count > 0; });
  return count;
}

std::uint64_t Store::first_version() {
  std::optional<std::uint64_t> first;
  read_records(0, [&first](std::string_view line) {
    first = version_of_line(line);
    return false;
  });
  if (!first) throw std::runtime_error("there is no record");
  return *first;
}

void Store::read_records_from_whole(std::uint64_t, const std::function<bool(std::string_view)>& visit) {
  read_records(0, visit);
}

}  // namespace statusfs
