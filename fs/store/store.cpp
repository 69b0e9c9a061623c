#include "fs/store/store.hpp"

#include <stdexcept>

namespace statusfs {

void Store::read_records(std::uint64_t, const std::function<bool(std::string_view)>&) {
  throw std::runtime_error("this store keeps no history");
}

std::string Store::read_foreign(const std::string& kept_as) {
  throw std::runtime_error(kept_as + " is not kept by this store");
}

}  // namespace statusfs
