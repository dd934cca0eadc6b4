#include "kernels/expert_gemm/expert_gemm_case.h"

#include <cmath>

#include "kernels/packed/aligned.h"
#include "kernels/packed/element.h"
#include "kernels/packed/random_elements.h"

namespace moe {
namespace {

constexpr double kUnit = 0x1p-24;  // of rounding in float32
constexpr double kTiny = 0x1p-125;

}  // namespace

ExpertGemmCase::ExpertGemmCase(const ExpertGemmShape& shape, std::int64_t T, std::uint64_t seed)
    : shape_(shape) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  const auto matrix = [&](std::int64_t outputs, std::int64_t inputs) {
    return random_rows(shape.format, outputs, inputs, random);
  };
  const auto bias = [&](std::int64_t n) {
    return shape.bias ? random_floats(n, random) : std::vector<float>();
  };
  for (std::int64_t e = 0; e < shape.E; ++e) {
    Expert& expert = experts_.emplace_back();
    if (shape.mlp.gated) expert.gate = matrix(shape.F, shape.D);
    expert.up = matrix(shape.F, shape.D);
    expert.down = matrix(shape.D, shape.F);
    if (shape.mlp.gated) expert.gate_bias = bias(shape.F);
    expert.up_bias = bias(shape.F);
    expert.down_bias = bias(shape.D);
  }
  x_TD = random_floats(T * shape.D, random);
  weight_TK = random_floats(T * shape.K, random);
  for (std::int64_t n = 0; n < T * shape.K; ++n)
    expert_TK.push_back(
        static_cast<std::int32_t>(random() % static_cast<std::mt19937::result_type>(shape.E)));
}

std::vector<float> ExpertGemmCase::run(const ExpertGemm& implementation, ThreadPool& pool) const {
  std::vector<ExpertWeights> weights;
  for (const Expert& e : experts_) {
    weights.push_back({.gate_FD = e.gate.data(),
                       .up_FD = e.up.data(),
                       .down_DF = e.down.data(),
                       .gate_bias_F = e.gate_bias.data(),
                       .up_bias_F = e.up_bias.data(),
                       .down_bias_D = e.down_bias.data()});
  }
  const AlignedBytes packed = aligned_bytes(implementation.packed_bytes(shape_));
  implementation.pack(shape_, weights, packed.get(), pool);
  std::vector<float> y_TD(x_TD.size(), std::nanf(""));  // what is not written shows
  const std::int64_t T = std::ssize(x_TD) / shape_.D;
  const AlignedBytes workspace = aligned_bytes(implementation.workspace_bytes(shape_, T));
  implementation.run(shape_, packed.get(),
                     {.T = T,
                      .x_TD = x_TD.data(),
                      .expert_TK = expert_TK.data(),
                      .weight_TK = weight_TK.data(),
                      .y_TD = y_TD.data(),
                      .workspace = workspace.get()},
                     pool);
  return y_TD;
}

std::vector<ExpertGemmCase::Value> ExpertGemmCase::project(const std::vector<std::byte>& weight,
                                                           const std::vector<float>& bias,
                                                           const std::vector<Value>& x) const {
  const std::int64_t inputs = std::ssize(x);
  const std::int64_t outputs = std::ssize(weight) / row_bytes(shape_.format, inputs);
  std::vector<Value> y;
  for (std::int64_t n = 0; n < outputs; ++n) {
    double exact = bias.empty() ? 0 : bias[static_cast<std::size_t>(n)];
    double size = std::abs(exact), carried = 0;
    const std::byte* row = weight.data() + n * row_bytes(shape_.format, inputs);
    for (std::int64_t k = 0; k < inputs; ++k) {
      const Value& input = x[static_cast<std::size_t>(k)];
      const double w = element_of(shape_.format, row, k);
      const double w_size = size_of_element(shape_.format, row, k);
      exact += input.exact * w;
      size += (std::abs(input.exact) + input.error) * w_size;
      carried += input.error * std::abs(w);
    }
    // A sum of n terms, with n + 5 roundings of each at most, to first order (packed_matrix.h, and
    // the bias); twice n + 2 is beyond what the higher orders add, of one term as of many.
    y.push_back({exact, carried + 2 * static_cast<double>(inputs + 2) * kUnit * size + kTiny});
  }
  return y;
}

std::vector<ExpertGemmCase::Value> ExpertGemmCase::output(const Expert& expert,
                                                          const std::vector<Value>& x) const {
  const MlpKind& mlp = shape_.mlp;
  const std::vector<Value> gate =
      mlp.gated ? project(expert.gate, expert.gate_bias, x) : std::vector<Value>();
  std::vector<Value> h = project(expert.up, expert.up_bias, x);
  for (std::size_t f = 0; f < h.size(); ++f) {
    const auto [up, up_error] = h[f];
    const auto [g, g_error] = mlp.gated ? gate[f] : Value{0, 0};
    const double exact = activated(mlp, g, up);
    h[f] = {exact,
            activation_change(mlp, g, up, g_error, up_error) + 2 * activation_error(mlp, g, up)};
  }
  return project(expert.down, expert.down_bias, h);
}

std::vector<ExpertGemmCase::Value> ExpertGemmCase::input(std::int64_t t, double weight) const {
  std::vector<Value> x;
  for (std::int64_t d = 0; d < shape_.D; ++d) {
    const double value = x_TD[static_cast<std::size_t>(t * shape_.D + d)];
    x.push_back(shape_.scale_input ? Value{value * weight, kUnit * std::abs(value * weight) + kTiny}
                                   : Value{value, 0});
  }
  return x;
}

std::vector<double> ExpertGemmCase::bounds() const {
  std::vector<double> bounds;
  const std::int64_t T = std::ssize(x_TD) / shape_.D;
  for (std::int64_t t = 0; t < T; ++t) {
    std::vector<double> bound(static_cast<std::size_t>(shape_.D));
    for (std::int64_t k = 0; k < shape_.K; ++k) {
      const auto n = static_cast<std::size_t>(t * shape_.K + k);
      const double weight = weight_TK[n];
      const double factor = shape_.scale_input ? 1 : std::abs(weight);
      const std::vector<Value> y =
          output(experts_[static_cast<std::size_t>(expert_TK[n])], input(t, weight));
      for (std::size_t d = 0; d < bound.size(); ++d) {
        bound[d] += factor * (y[d].error + 2 * static_cast<double>(shape_.K + 1) * kUnit *
                                               (std::abs(y[d].exact) + y[d].error)) +
                    kTiny;
      }
    }
    bounds.insert(bounds.end(), bound.begin(), bound.end());
  }
  return bounds;
}

}  // namespace moe
