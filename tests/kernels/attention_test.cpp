// Every implementation, with every set of vector instructions of this machine, on shapes, steps and
// pages chosen to break it.
#include "kernels/attention/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "kernels/attention/attention_case.h"
#include "kernels/packed/aligned.h"
#include "kernels/packed/difference.h"
#include "kernels/packed/target.h"
#include "tests/kernels/on_target.h"

namespace moe {
namespace {

class EveryAttention : public testing::TestWithParam<OnTarget<PagedAttention>> {
 protected:
  const PagedAttention& attention = *GetParam().implementation;
  UsePackedTarget target{GetParam().target};
  ThreadPool one{1}, two{2}, five{5};
};

constexpr AttentionShape kShapes[] = {
    {.H = 1, .G = 1, .d = 1, .e = 1, .B = 1},
    {.H = 2, .G = 2, .d = 8, .e = 8, .B = 4, .scale = 0.35},
    {.H = 4, .G = 2, .d = 33, .e = 17, .B = 16, .scale = 0.2, .window = 7},
    {.H = 6, .G = 1, .d = 64, .e = 70, .B = 16, .scale = 0.125, .softcap = 1.5},
    {.H = 8, .G = 4, .d = 24, .e = 24, .B = 48, .scale = 0.2, .chunk = 40, .sinks = true},
    {.H = 70, .G = 1, .d = 5, .e = 3, .B = 7, .scale = 2, .window = 65, .sinks = true},
    {.H = 2, .G = 1, .d = 16, .e = 16, .B = 100, .scale = -0.5, .causal = false},
};

TEST_P(EveryAttention, is_within_the_bound_of_its_contract) {
  for (const AttentionShape& shape : kShapes) {
    ASSERT_TRUE(attention.supports(shape));
    const AttentionCase some(shape, {1, 150, 64, 65, 2}, 0, static_cast<std::uint64_t>(shape.d));
    const auto y = some.run(attention, two), expected = some.run(*paged_attentions()[0], one);
    const auto bounds = some.bounds();
    for (std::size_t s = 0; s < y.size(); ++s)
      EXPECT_LE(difference_of(y[s], expected[s], bounds[s]), 1) << "d " << shape.d << ", " << s;
  }
}

/// Cuts all sequences into steps by lot, from what is done on.
std::vector<AttentionCase::StepRows> steps_by_lot(const AttentionCase& some,
                                                  std::vector<std::int64_t> done,
                                                  std::mt19937& random) {
  std::vector<AttentionCase::StepRows> steps;
  for (bool more = true; more;) {
    more = false;
    AttentionCase::StepRows rows;
    for (std::size_t s = 0; s < done.size(); ++s) {
      const std::int64_t left = some.sequences[s].length - done[s];
      const std::int64_t most = std::min<std::int64_t>(left, random() % 2 == 0 ? 2 : 90);
      rows.push_back(std::uniform_int_distribution<std::int64_t>(0, most)(random));
      done[s] += rows.back();
      more = more || done[s] < some.sequences[s].length;
    }
    steps.push_back(rows);
  }
  return steps;
}

TEST_P(EveryAttention, computes_a_row_alike_whatever_steps_pages_and_threads_it_is_computed_with) {
  for (AttentionShape shape : kShapes) {
    if (!shape.causal) continue;  // its rows see the whole step
    const AttentionCase all(shape, {130, 1, 64, 90, 66}, 0, 5);
    const auto expected = all.run(attention, one);
    EXPECT_EQ(all.run(attention, five), expected);
    for (const std::uint32_t seed : {1U, 2U, 3U}) {
      std::mt19937 random(seed);
      AttentionCase cut = all;
      cut.shape.B = std::uniform_int_distribution<std::int64_t>(1, 70)(random);
      EXPECT_EQ(cut.run(attention, two, steps_by_lot(cut, {0, 0, 0, 0, 0}, random)), expected)
          << "d " << shape.d << ", pages of " << cut.shape.B << ", seed " << seed;
    }
    AttentionCase alone(shape, {130}, 0, 5);
    alone.sequences[0] = all.sequences[3];
    alone.sink_H = all.sink_H;
    EXPECT_EQ(alone.run(attention, two)[0], expected[3]);
  }
}

TEST_P(EveryAttention, computes_a_row_alike_on_pages_that_are_shared) {
  for (AttentionShape shape : kShapes) {
    if (!shape.causal) continue;
    shape.B = 16;
    const AttentionCase all(shape, {100, 97, 130, 98}, 96, 5);
    const auto expected = all.run(attention, one);
    std::mt19937 random(9);
    std::vector<AttentionCase::StepRows> steps = {{96, 0, 0, 0}};
    for (auto& step : steps_by_lot(all, {96, 96, 96, 96}, random)) steps.push_back(step);
    const auto y = all.run(attention, two, steps, /*share=*/true);
    EXPECT_EQ(y[0], expected[0]);
    const auto own = static_cast<std::ptrdiff_t>(96 * shape.H * shape.e);
    for (std::size_t s = 1; s < y.size(); ++s) {
      EXPECT_TRUE(std::equal(y[s].begin() + own, y[s].end(), expected[s].begin() + own));
    }
  }
}

TEST_P(EveryAttention, reads_no_key_that_a_row_does_not_see) {
  const AttentionShape shape = {.H = 2, .G = 1, .d = 8, .e = 8, .B = 16, .window = 10};
  AttentionCase some(shape, {100}, 0, 3);
  const auto expected = some.run(attention, two);
  // Of key 50 its first dim, and one of its value.
  some.sequences[0].k_LGd[400] = some.sequences[0].v_LGe[403] = std::nanf("");
  const auto y = some.run(attention, two);
  for (std::size_t i = 0; i < y[0].size(); ++i) {
    const std::size_t row = i / 16;
    if (row >= 50 && row < 60) {
      EXPECT_TRUE(std::isnan(y[0][i])) << row;
    } else {
      EXPECT_EQ(y[0][i], expected[0][i]) << row;
    }
  }
}

TEST_P(EveryAttention, does_nothing_for_no_rows) {
  const AttentionCase none({.H = 2, .G = 1, .d = 8, .e = 8, .B = 16}, {0, 0}, 0, 3);
  for (const auto& y : none.run(attention, two)) EXPECT_TRUE(y.empty());
  EXPECT_TRUE(AttentionCase(none.shape, {}, 0, 3).run(attention, two).empty());
  const AlignedBytes workspace = aligned_bytes(attention.workspace_bytes(none.shape, 0, 2, 2));
  const std::vector<std::int32_t> pages = {0};
  const std::vector<AttendedRows> rows = {{.begin = 0, .rows = 0, .position = 5, .pages = pages},
                                          {.begin = 0, .rows = 0, .position = 0, .pages = {}}};
  std::vector<float> keys(static_cast<std::size_t>(none.shape.key_floats()), 7), values = keys,
                                                                                 y = keys;
  attention.run(none.shape,
                {.sequences = rows,
                 .keys = keys.data(),
                 .values = values.data(),
                 .y_THe = y.data(),
                 .workspace = workspace.get()},
                two);
  for (const auto& untouched : {keys, values, y})
    EXPECT_EQ(untouched, std::vector<float>(untouched.size(), 7));
}

TEST_P(EveryAttention, is_what_check_finds_right) {
  EXPECT_LE(attention_difference(attention), 1);
}

INSTANTIATE_TEST_SUITE_P(, EveryAttention, testing::ValuesIn(on_all_targets(paged_attentions())),
                         [](const auto& tested) { return tested.param.name(); });

TEST(attention, counts_the_keys_that_rows_see) {
  const AttentionShape shape = {.H = 2, .G = 1, .d = 3, .e = 5, .B = 16, .window = 4};
  const std::vector<AttendedRows> rows = {{.begin = 0, .rows = 3, .position = 2, .pages = {}}};
  EXPECT_EQ(attention_flops(shape, rows), 2.0 * 2 * (3 + 4 + 4) * (3 + 5));
}

}  // namespace
}  // namespace moe
