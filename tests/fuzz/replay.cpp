// Goes through inputs that are kept in files, without libFuzzer: the regression test of a fuzz target.
//   TARGET FILE_OR_DIRECTORY...
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "tests/fuzz/property.hpp"

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(const fs::path& place) {
  if (!fs::is_directory(place)) return {place};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(place)) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t inputs = 0;
  for (int index = 1; index < count; ++index) {
    for (const fs::path& file : files_of(arguments[index])) {
      std::ifstream stream(file, std::ios::binary);
      const std::string text(std::istreambuf_iterator<char>(stream), {});
      if (!stream.is_open() || stream.bad()) {
        std::cerr << file.string() << " cannot be read\n";
        return 1;
      }
      std::cerr << file.filename().string() << std::endl;  // the last name printed is the input that broke something
      LLVMFuzzerTestOneInput(reinterpret_cast<const unsigned char*>(text.data()), text.size());
      ++inputs;
    }
  }
  std::cout << inputs << " inputs\n";
  return inputs > 0 ? 0 : 1;
}
