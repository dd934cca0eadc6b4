// Feed-forwards by their definitions, in plain loops over one token, with the weights of block 0.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "tests/models/tiny_model.h"

namespace moe {

class FeedForwardWrittenOut {
 public:
  using Row = std::vector<double>;

  FeedForwardWrittenOut(const Config& config, TinyWeights& weights)
      : spec_(config.layers[0].feed_forward), weights_(weights) {
    for (const ParameterShape& parameter : parameters(config)) names_.push_back(parameter.name);
  }

  Row output(const Row& x) {
    if (spec_.experts == 0) return mlp("feed_forward", x);
    const auto [experts, weights] = routing(x);
    Row y(x.size());
    for (std::size_t k = 0; k < experts.size(); ++k) {
      Row input = x;
      if (spec_.scale_input) scale(input, weights[k]);
      add(y, mlp(fmt::format("experts.{}", experts[k]), input), spec_.scale_input ? 1 : weights[k]);
    }
    const double gate = spec_.shared_gate ? sigmoid(product("shared_gate", x)[0]) : 1;
    if (spec_.shared_hidden > 0) add(y, mlp("shared", x), gate);
    return y;
  }

  std::pair<std::vector<std::size_t>, Row> routing(const Row& x) {
    const Row logits = product("router", x);
    Row scores = logits;
    if (spec_.score == Score::softmax) scores = softmax(logits);
    if (spec_.score == Score::sigmoid) std::ranges::transform(logits, scores.begin(), sigmoid);
    const std::vector<std::size_t> chosen = best(for_choice(scores), spec_.experts_per_token);
    Row weights;
    for (const std::size_t e : chosen) weights.push_back(scores[e]);
    if (spec_.score == Score::softmax_of_chosen) weights = softmax(weights);
    if (spec_.renormalise) scale(weights, 1 / std::accumulate(weights.begin(), weights.end(), 0.0));
    scale(weights, spec_.routed_scale);
    return {chosen, weights};
  }

 private:
  static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
  static void scale(Row& x, double by) {
    for (double& value : x) value *= by;
  }
  static void add(Row& y, const Row& x, double by) {
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += by * x[i];
  }
  static Row softmax(Row x) {
    for (double& value : x) value = std::exp(value);
    scale(x, 1 / std::accumulate(x.begin(), x.end(), 0.0));
    return x;
  }
  static std::vector<std::size_t> best(const Row& scores, std::int64_t count) {
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return scores[i]; });
    order.resize(static_cast<std::size_t>(count));
    return order;
  }

  /// Scores with their correction; -1e9 outside the best groups.
  Row for_choice(Row scores) {
    if (spec_.correction_bias) {
      for (std::size_t e = 0; e < scores.size(); ++e) {
        scores[e] += double{weights_.values("blocks.0.router.correction_bias")[e]};
      }
    }
    const std::size_t size = scores.size() / static_cast<std::size_t>(spec_.groups);
    Row groups;
    for (std::size_t g = 0; g < scores.size(); g += size) {
      Row group(scores.begin() + static_cast<std::ptrdiff_t>(g),
                scores.begin() + static_cast<std::ptrdiff_t>(g + size));
      std::ranges::sort(group, std::greater());
      groups.push_back(group[0] + (spec_.group_score == GroupScore::best_two ? group[1] : 0));
    }
    const std::vector<std::size_t> kept = best(groups, spec_.groups_kept);
    for (std::size_t e = 0; e < scores.size(); ++e) {
      if (std::ranges::find(kept, e / size) == kept.end()) scores[e] = -1e9;
    }
    return scores;
  }

  double activation(double x) const {
    switch (spec_.activation) {
      case Activation::silu:
        return x * sigmoid(x);
      case Activation::gelu:
        return x * 0.5 * (1 + std::erf(x / std::sqrt(2.0)));
      case Activation::gelu_tanh:
        return x * 0.5 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
      case Activation::clamped_swiglu:
        break;
    }
    const double low = std::min(x, spec_.limit);
    return low * sigmoid(spec_.alpha * low);
  }

  Row mlp(const std::string& name, const Row& x) {
    Row up = product(name + ".up", x);
    if (!spec_.gated) {
      for (double& value : up) value = activation(value);
      return product(name + ".down", up);
    }
    const Row gate = product(name + ".gate", x);
    const bool clamped = spec_.activation == Activation::clamped_swiglu;
    for (std::size_t i = 0; i < up.size(); ++i) {
      const double u = clamped ? std::clamp(up[i], -spec_.limit, spec_.limit) + 1 : up[i];
      up[i] = activation(gate[i]) * u;
    }
    return product(name + ".down", up);
  }

  /// W x, and the bias where the model has one.
  Row product(const std::string& name, const Row& x) {
    const std::vector<float>& weight = weights_.values("blocks.0." + name + ".weight");
    const std::string bias = "blocks.0." + name + ".bias";
    Row y(weight.size() / x.size());
    for (std::size_t n = 0; n < y.size(); ++n) {
      for (std::size_t k = 0; k < x.size(); ++k) y[n] += double{weight[n * x.size() + k]} * x[k];
      if (std::ranges::find(names_, bias) != names_.end()) y[n] += double{weights_.values(bias)[n]};
    }
    return y;
  }

  const FeedForwardSpec& spec_;
  TinyWeights& weights_;
  std::vector<std::string> names_;
};

}  // namespace moe
