#include "tests/kernels/router_cases.h"

#include <cmath>
#include <limits>
#include <random>
#include <span>
#include <tuple>
#include <utility>

namespace moe {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> random_logits(const RouterShape& shape, std::span<const float> among) {
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  std::vector<float> logits(static_cast<std::size_t>(shape.T * shape.E));
  for (float& x : logits) {
    x = std::round(normal(random));
    if (!among.empty() && random() % 2 == 0) x = among[random() % among.size()];
  }
  return logits;
}

void add_controls(std::vector<RouterShape>& shapes, const RouterShape& base) {
  shapes.push_back(base);
  for (const auto& [corrected, removes] : {std::pair(true, false), {false, true}, {true, true}}) {
    shapes.push_back(base);
    shapes.back().corrected = corrected;
    shapes.back().removes = removes;
  }
  shapes.push_back(base);
  shapes.back().forced = true;
}

}  // namespace

std::vector<RouterShape> router_shapes() {
  std::vector<RouterShape> shapes;
  for (const auto& [T, E, K, groups, kept] : {std::tuple<int, int, int, int, int>{1, 1, 1, 1, 1},
                                              {1, 8, 1, 4, 1},
                                              {4, 8, 2, 2, 1},
                                              {2, 64, 8, 8, 2},
                                              {3, 33, 5, 11, 4},
                                              {2, 64, 64, 4, 3},
                                              {1, 128, 8, 16, 4},
                                              {0, 8, 2, 2, 1},
                                              {5, 2, 2, 1, 1},
                                              {2, 33, 32, 3, 2},
                                              {1, 256, 8, 8, 4},
                                              {1, 300, 17, 10, 2}}) {
    for (const RouterScore score :
         {RouterScore::softmax, RouterScore::sigmoid, RouterScore::softmax_of_chosen}) {
      for (const bool renormalise : {false, true}) {
        const RouterShape plain = {
            .T = T, .E = E, .K = K, .score = score, .renormalise = renormalise};
        add_controls(shapes, plain);
        if (groups == 1) continue;
        RouterShape grouped = plain;
        grouped.groups = groups;
        grouped.groups_kept = kept;
        grouped.routed_scale = 2.5;
        for (const auto group_score : {RouterGroupScore::best, RouterGroupScore::best_two}) {
          grouped.group_score = group_score;
          add_controls(shapes, grouped);
        }
      }
    }
  }
  return shapes;
}

std::vector<RouterCase> hard_router_cases(const RouterShape& shape) {
  constexpr float kFar[] = {-800, -750, -1000, 0}, kMasked[] = {-kInfinity},
                  kBroken[] = {kNan, kInfinity, -kInfinity, 0}, kLarge[] = {kInfinity, 90, 40, 50};
  const std::size_t count = static_cast<std::size_t>(shape.T * shape.E);
  std::vector<RouterCase> cases(8, RouterCase(shape, 7));
  cases[1].logits_TE = random_logits(shape, {});
  cases[2].logits_TE = random_logits(shape, kFar);
  cases[3].logits_TE = random_logits(shape, kMasked);
  cases[4].logits_TE = random_logits(shape, kBroken);
  cases[5].logits_TE = random_logits(shape, kLarge);
  cases[6].logits_TE.assign(count, -kInfinity);
  cases[7].logits_TE.assign(count, kNan);
  // Of what is tied already, so that sums are tied too.
  for (std::size_t i = 1; i < cases.size(); ++i) {
    for (float& correction : cases[i].correction_E) correction = std::round(correction * 4) / 4;
  }
  return cases;
}

RouterCase tokens_of(RouterCase some, std::int64_t begin, std::int64_t count) {
  const auto [E, K] = std::pair(some.shape.E, some.shape.K);
  some.logits_TE = {some.logits_TE.begin() + begin * E,
                    some.logits_TE.begin() + (begin + count) * E};
  if (some.shape.forced) {
    some.forced_TK = {some.forced_TK.begin() + begin * K,
                      some.forced_TK.begin() + (begin + count) * K};
  }
  some.shape.T = count;
  return some;
}

}  // namespace moe
