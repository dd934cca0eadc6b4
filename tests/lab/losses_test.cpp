// The router's losses: what they are at the ends of their range, and their gradients.
#include "lab/losses.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/models/decoder/finite_differences.h"

namespace moe {
namespace {

TEST(losses, balance_is_one_where_all_experts_get_as_much_and_E_where_one_gets_all) {
  const Tensor even_TK = at::arange(8, at::kLong).view({4, 2});
  EXPECT_NEAR(balance_loss(at::zeros({4, 8}), even_TK).item<double>(), 1, 1e-6);
  Tensor logits_TE = at::zeros({4, 8});
  logits_TE.select(1, 3).fill_(50);
  EXPECT_NEAR(balance_loss(logits_TE, at::full({4, 1}, 3, at::kLong)).item<double>(), 8, 1e-6);
}

TEST(losses, balance_is_its_definition) {
  const Tensor logits_TE = pattern({5, 3}, 1.3);
  const Tensor expert_TK = at::tensor({0, 1, 0, 2, 0, 1, 2, 1, 0, 1}, at::kLong).view({5, 2});
  const double shares[] = {4 / 10.0, 4 / 10.0, 2 / 10.0};
  double expected = 0;
  for (std::int64_t e = 0; e < 3; ++e) {
    double mean = 0;
    for (std::int64_t t = 0; t < 5; ++t) {
      double sum = 0;
      for (std::int64_t other = 0; other < 3; ++other)
        sum += std::exp(logits_TE[t][other].item<double>());
      mean += std::exp(logits_TE[t][e].item<double>()) / sum / 5;
    }
    expected += 3 * shares[e] * mean;
  }
  EXPECT_NEAR(balance_loss(logits_TE, expert_TK).item<double>(), expected, 1e-12);
}

TEST(losses, z_is_the_mean_square_of_the_logarithm_of_the_sum) {
  const Tensor logits_TE = at::full({3, 4}, 2.0, at::kDouble);
  EXPECT_NEAR(router_z_loss(logits_TE).item<double>(), std::pow(2 + std::log(4.0), 2), 1e-12);
}

TEST(losses, have_the_gradients_of_finite_differences) {
  const Tensor expert_TK = at::tensor({0, 1, 0, 2, 0, 1, 2, 1, 0, 1}, at::kLong).view({5, 2});
  Tensor logits_TE = pattern({5, 3}, 1.3).clone();
  expect_gradients([&] { return balance_loss(logits_TE, expert_TK); }, {logits_TE});
  expect_gradients([&] { return router_z_loss(logits_TE); }, {logits_TE});
}

TEST(losses, loads_count_every_choice) {
  const Tensor load_E = loads_of(at::tensor({3, 1, 3, 0}, at::kLong).view({2, 2}), 5);
  EXPECT_TRUE(load_E.equal(at::tensor({1, 1, 0, 2, 0}, at::kLong)));
}

}  // namespace
}  // namespace moe
