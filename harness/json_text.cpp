#include "harness/json_text.h"

#include <fstream>
#include <sstream>
#include <nlohmann/json.hpp>

#include "harness/error.h"

namespace moe {
namespace {

/// Brackets open at the deepest place, as far as they stand outside of strings.
int depth_of(std::string_view text) {
  int depth = 0, deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '[' || c == '{')) {
      deepest = std::max(deepest, ++depth);
    } else if (!in_string && (c == ']' || c == '}')) {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

nlohmann::json read_json(std::string_view text, std::string_view where) {
  constexpr int kDeepest = 64;
  const int depth = depth_of(text);
  require(depth <= kDeepest, "{}: JSON nested {} levels deep; expected at most {}", where, depth,
          kDeepest);
  nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  require(!json.is_discarded(), "{}: not JSON", where);
  return json;
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();  // << of nothing fails
  require(in.is_open() && !in.bad() && text.good(), "{}: cannot be read", file.string());
  return text.str();
}

}  // namespace moe
