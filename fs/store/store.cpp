#include "fs/store/store.hpp"

#include <stdexcept>

namespace statusfs {

std::uint64_t Store::record_count() {
  std::uint64_t count = 0;
  visit_records_backwards([&](std::string_view) { return ++count > 0; });
  return count;
}

void Store::read_records(std::uint64_t, const std::function<bool(std::string_view)>&) {
  throw std::runtime_error("this store keeps no history");
}

void Store::read_records_from_whole(std::uint64_t, const std::function<bool(std::string_view)>& visit) {
  read_records(0, visit);
}

std::string Store::read_foreign(const std::string& kept_as) {
  throw std::runtime_error(kept_as + " is not kept by this store");
}

}  // namespace statusfs
