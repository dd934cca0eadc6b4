#include "harness/json_text.h"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>
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
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    throw Error(fmt::format("{}: not JSON: {}", where, reason_of(error)),
                std::source_location::current());
  }
}

std::string reason_of(const std::exception& error) {
  const std::string_view what = error.what();
  const std::size_t end = what.starts_with("[json.exception.") ? what.find("] ") : what.npos;
  return std::string(end == what.npos ? what : what.substr(end + 2));
}

std::string read_text(const std::filesystem::path& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();  // << of nothing fails
  const bool read = in.is_open() && !in.bad() && text.good();
  require(read, "{}: cannot be read: {}", file.string(),
          errno != 0 ? std::generic_category().message(errno) : "reading ended early");
  return text.str();
}

}  // namespace moe
