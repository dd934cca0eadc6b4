// Every implementation, with every set of vector instructions of this machine, on shapes chosen to
// break it.
#include "kernels/log_softmax_gather/log_softmax_gather.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/log_softmax_gather/difference.h"
#include "kernels/packed/difference.h"
#include "kernels/packed/target.h"
#include "tests/kernels/on_target.h"

namespace moe {
namespace {

using Tested = OnTarget<LogSoftmaxGather>;

class EveryLogSoftmaxGather : public testing::TestWithParam<Tested> {
 protected:
  const LogSoftmaxGather& gather = *GetParam().implementation;
  UsePackedTarget target{GetParam().target};
  ThreadPool one{1}, two{2}, five{5};
};

TEST_P(EveryLogSoftmaxGather, is_within_the_bound_of_its_contract) {
  for (const PackedFormat format : kPackedFormats) {
    for (const auto& [R, V, D] : {std::tuple<int, int, int>{1, 1, 1},
                                  {3, 2, 7},
                                  {10, 127, 33},
                                  {50, 129, 16},
                                  {7, 1000, 5},
                                  {110, 300, 20}}) {
      const LogSoftmaxGatherCase some({V, D, format}, R, static_cast<std::uint64_t>(V + R));
      const auto actual = some.run(gather, two),
                 expected = some.run(*log_softmax_gathers()[0], one);
      EXPECT_EQ(actual.is_best_N, expected.is_best_N) << R << " x " << V << " x " << D;
      EXPECT_LE(difference_of(actual.log_p_N, expected.log_p_N, some.bounds()), 1)
          << R << " x " << V << " x " << D << " " << name_of(format);
    }
  }
}

TEST_P(EveryLogSoftmaxGather, computes_a_row_alike_whatever_else_is_computed) {
  const LogSoftmaxGatherCase all({400, 31, PackedFormat::bf16}, 70, 5);
  const auto expected = all.run(gather, one);
  EXPECT_EQ(all.run(gather, two).log_p_N, expected.log_p_N);
  EXPECT_EQ(all.run(gather, five).log_p_N, expected.log_p_N);
  std::size_t done = 0;
  for (std::int64_t begin = 0, size = 1; begin + size <= 70; begin += size, ++size) {
    LogSoftmaxGatherCase some = all;
    some.x_RD.assign(all.x_RD.begin() + begin * 31, all.x_RD.begin() + (begin + size) * 31);
    some.row_N.clear(), some.id_N.clear();
    const std::size_t first = done;
    for (; done < all.row_N.size() && all.row_N[done] < begin + size; ++done) {
      some.row_N.push_back(all.row_N[done] - begin);
      some.id_N.push_back(all.id_N[done]);
    }
    EXPECT_TRUE(std::ranges::equal(some.run(gather, two).log_p_N,
                                   std::span(expected.log_p_N).subspan(first, done - first)));
  }
}

TEST_P(EveryLogSoftmaxGather, gives_equal_logits_to_the_lower_id) {
  LogSoftmaxGatherCase some({300, 8, PackedFormat::f32}, 1, 5);
  // Ids 7, 150 and 290 have one row of weights, three times that of the row itself.
  for (const std::size_t id : std::vector<std::size_t>{7, 150, 290}) {
    std::vector<float> weight(some.x_RD);
    for (float& w : weight) w *= 3;
    std::memcpy(some.weight_VD.data() + id * 32, weight.data(), 32);
  }
  some.row_N = {0, 0, 0, 0};
  some.id_N = {290, 7, 150, 8};
  const auto result = some.run(gather, two);
  EXPECT_EQ(result.is_best_N, (std::vector<std::uint8_t>{0, 1, 0, 0}));
  EXPECT_EQ(result.log_p_N[0], result.log_p_N[1]);
  EXPECT_EQ(result.log_p_N[2], result.log_p_N[1]);
}

TEST_P(EveryLogSoftmaxGather, sums_to_one_and_keeps_what_is_no_number) {
  LogSoftmaxGatherCase some({200, 12, PackedFormat::f16}, 2, 5);
  some.row_N.assign(200, 0);
  some.id_N.clear();
  for (std::int64_t id = 0; id < 200; ++id) some.id_N.push_back(id);
  some.row_N.push_back(1);
  some.id_N.push_back(3);
  some.x_RD[12] = std::nanf("");
  const auto result = some.run(gather, two);
  double sum = 0;
  for (std::size_t n = 0; n < 200; ++n) sum += std::exp(result.log_p_N[n]);
  // Each is off by its bound, so their sum of exponentials by that part of 1, to first order.
  EXPECT_NEAR(sum, 1, 2 * std::ranges::max(some.bounds()));
  EXPECT_TRUE(std::isnan(result.log_p_N[200]));
  EXPECT_EQ(result.is_best_N[200], 0);
  some.x_RD.clear(), some.row_N.clear(), some.id_N.clear();
  EXPECT_TRUE(some.run(gather, two).log_p_N.empty());
}

TEST_P(EveryLogSoftmaxGather, tells_a_logit_that_is_no_finite_number_wherever_it_is) {
  for (const std::int64_t V : {1, 5, 127, 128, 129, 300}) {
    for (const std::int64_t wrong : {std::int64_t{0}, V / 2, V - 1}) {
      for (const float value : {std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
        LogSoftmaxGatherCase some({V, 1, PackedFormat::f32}, 1, 5);
        some.x_RD = {1};
        std::memset(some.weight_VD.data(), 0, some.weight_VD.size());
        std::memcpy(some.weight_VD.data() + 4 * wrong, &value, 4);
        some.row_N = {0, 0, 0};
        some.id_N = {0, wrong, V - 1};
        const auto result = some.run(gather, two);
        for (const float log_p : result.log_p_N) EXPECT_TRUE(std::isnan(log_p)) << V << value;
        EXPECT_EQ(result.is_best_N, (std::vector<std::uint8_t>{0, 0, 0})) << V << value;
      }
    }
  }
}

TEST_P(EveryLogSoftmaxGather, of_many_rows_gives_each_what_it_gets_alone) {
  LogSoftmaxGatherCase many({130, 3, PackedFormat::f32}, 2049, 5);
  many.row_N.clear(), many.id_N.clear();
  for (std::int64_t row = 0; row < 2049; ++row) {
    many.row_N.push_back(row);
    many.id_N.push_back(row * 7 % 130);
  }
  const auto all = many.run(gather, two);
  for (const std::int64_t row : {0, 1023, 1024, 1500, 2047, 2048}) {
    LogSoftmaxGatherCase one_row = many;
    one_row.x_RD.assign(many.x_RD.begin() + row * 3, many.x_RD.begin() + row * 3 + 3);
    one_row.row_N = {0};
    one_row.id_N = {row * 7 % 130};
    EXPECT_EQ(one_row.run(gather, two).log_p_N[0], all.log_p_N[static_cast<std::size_t>(row)]);
  }
}

TEST_P(EveryLogSoftmaxGather, is_what_check_finds_right) {
  EXPECT_LE(log_softmax_gather_difference(gather), 1);
}

TEST(log_softmax_gather, of_many_rows_needs_little_memory) {
  for (const LogSoftmaxGather* gather : log_softmax_gathers())
    EXPECT_LE(gather->workspace_bytes({152000, 2048, PackedFormat::bf16}, 10000), 64 << 20);
}

INSTANTIATE_TEST_SUITE_P(, EveryLogSoftmaxGather,
                         testing::ValuesIn(on_all_targets(log_softmax_gathers())),
                         [](const auto& tested) { return tested.param.name(); });

}  // namespace
}  // namespace moe
