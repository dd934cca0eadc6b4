#include "harness/number_in.h"

#include <fstream>
#include <sstream>

namespace moe {

std::optional<std::int64_t> number_in(const std::filesystem::path& file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string word;
    std::int64_t value = 0;
    if (!(words >> word) || (word != key && word != key + ":")) continue;
    if (words >> value) return value;
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace moe
