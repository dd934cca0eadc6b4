// A stream cut anywhere gives the same lines.
#include "harness/lines.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace moe {
namespace {

std::vector<std::string> lines_of(std::string_view text, std::mt19937& random,
                                  std::size_t largest) {
  Lines lines;
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t piece = std::min<std::size_t>(1 + random() % largest, text.size());
    lines.add(text.substr(0, piece));
    text.remove_prefix(piece);
    while (auto line = lines.next()) out.push_back(*line);
  }
  if (lines.pending() > 0) out.push_back(lines.rest());
  return out;
}

TEST(lines, do_not_depend_on_how_the_stream_is_cut) {
  std::mt19937 random(3);
  const std::vector<std::string> expected = {"one", "", "three and more", "", "", "the rest"};
  for (std::size_t round = 0; round < 200; ++round)
    EXPECT_EQ(lines_of("one\n\nthree and more\n\n\nthe rest", random, 1 + round % 9), expected);
  EXPECT_TRUE(lines_of("", random, 3).empty());
}

TEST(lines, a_long_line_takes_time_in_proportion) {
  Lines lines;
  const std::string piece(1U << 12U, 'x');
  for (int i = 0; i < 4096; ++i) {  // 16 MiB: with a search from the start each time, 32 GiB of it
    lines.add(piece);
    EXPECT_FALSE(lines.next());
  }
  EXPECT_EQ(lines.pending(), std::size_t{16} << 20U);
}

}  // namespace
}  // namespace moe
