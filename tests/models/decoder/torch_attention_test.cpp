// Attention of the `torch` table against its definition, written out.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>

#include "harness/error.h"
#include "tests/models/decoder/device_test.h"
#include "tests/models/tiny_model.h"

namespace moe {
namespace {

constexpr std::int64_t kHeads = 4, kGroups = 2, kQk = 6, kV = 3;

AttentionSpec attention_spec() {
  AttentionSpec spec;
  spec.heads = kHeads;
  spec.kv_heads = kGroups;
  spec.qk_dim = kQk;
  spec.v_dim = kV;
  spec.scale = 0.4;
  return spec;
}

/// A sequence's rows.
struct Rows {
  Tensor q_THd, k_TGd, v_TGe;

  Rows part(std::int64_t begin, std::int64_t count) const {
    return {q_THd.narrow(0, begin, count), k_TGd.narrow(0, begin, count),
            v_TGe.narrow(0, begin, count)};
  }
};

Rows some_rows(std::int64_t rows, const at::TensorOptions& options) {
  return {at::randn({rows, kHeads, kQk}, options), at::randn({rows, kGroups, kQk}, options),
          at::randn({rows, kGroups, kV}, options)};
}

Rows joined(const Rows& a, const Rows& b) {
  return {at::cat({a.q_THd, b.q_THd}), at::cat({a.k_TGd, b.k_TGd}), at::cat({a.v_TGe, b.v_TGe})};
}

bool is_hidden(const AttentionSpec& spec, std::int64_t i, std::int64_t j) {
  return (spec.causal && j > i) || (spec.window && j <= i - *spec.window) ||
         (spec.chunk && i / *spec.chunk != j / *spec.chunk);
}

/// One query's attention: scores, softcap, bias, what is hidden, sinks, softmax.
Tensor written_out(const AttentionSpec& spec, const Rows& rows, const Tensor& bias,
                   const std::vector<float>& sinks, std::int64_t i) {
  Tensor y = at::zeros({kHeads, kV}, at::kDouble);
  for (std::int64_t head = 0; head < kHeads; ++head) {
    const std::int64_t group = head / (kHeads / kGroups);
    double sum = spec.sinks ? std::exp(double{sinks[static_cast<std::size_t>(head)]}) : 0;
    for (std::int64_t j = 0; j < rows.k_TGd.size(0); ++j) {
      if (is_hidden(spec, i, j)) continue;
      double score = spec.scale * rows.q_THd[i][head].dot(rows.k_TGd[j][group]).item<double>();
      if (spec.softcap > 0) score = spec.softcap * std::tanh(score / spec.softcap);
      if (bias.defined()) score += bias[head][i][j].item<double>();
      sum += std::exp(score);
      y[head] += std::exp(score) * rows.v_TGe[j][group].to(at::kCPU, at::kDouble);
    }
    y[head] /= sum;
  }
  return y.reshape({-1});
}

class TorchAttention : public OnDevice {
 protected:
  /// One step's attention of rows that follow one another, in `cache` where there is one.
  Tensor attend(const AttentionSpec& spec, const Rows& rows, const Tensor& bias,
                const std::vector<StepSequence>& sequences, KvCache* cache) {
    const std::vector<LayerSpec> layers = {{.attention = spec, .feed_forward = {}}};
    const PreparedStep step =
        ops().begin_step({.sequences = sequences, .layers = layers, .cache = cache}, nullptr);
    const WeightView view{.bytes = std::as_bytes(std::span(sinks_)), .shape = {kHeads}};
    const PreparedWeight sinks = spec.sinks ? ops().prepare_sinks(view) : nullptr;
    return ops()
        .attention(*step, {.q_THd = rows.q_THd,
                           .k_TGd = rows.k_TGd,
                           .v_TGe = rows.v_TGe,
                           .spec = &spec,
                           .additive_bias = bias,
                           .sinks = sinks.get()})
        .to(at::kCPU, at::kDouble);
  }

  void expect_written_out(const AttentionSpec& spec, const Rows& rows, const Tensor& bias,
                          const Tensor& y, std::int64_t first = 0) {
    for (std::int64_t t = 0; t < y.size(0); ++t) {
      const Tensor expected = written_out(spec, rows, bias, sinks_, first + t);
      EXPECT_TRUE(y[t].allclose(expected, 1e-4, 1e-5)) << first + t;
    }
  }

  static std::vector<AttentionSpec> kinds() {
    std::vector<AttentionSpec> all(6, attention_spec());
    all[1].window = 4;
    all[2].chunk = 4;
    all[3].window = 3;
    all[3].chunk = 5;
    all[4].softcap = 1.5;
    all[4].sinks = true;
    all[5].window = 4;
    all[5].causal = false;
    return all;
  }

  std::vector<float> sinks_ = {0.3F, -1, 2, 0.1F};
  std::vector<TokenId> ids_ = std::vector<TokenId>(3000);
};

TEST_P(TorchAttention, is_its_definition_with_window_chunks_bias_sinks_and_softcap) {
  const at::TensorOptions options = ops().activations();
  const Rows rows = some_rows(9, options);
  const std::span<const TokenId> ids = std::span(ids_).first(9);
  std::vector<AttentionSpec> all = kinds();
  all.push_back(attention_spec());
  all.back().causal = false;
  all.push_back(all.back());
  all.back().chunk = 4;
  for (const AttentionSpec& spec : all) {
    SCOPED_TRACE(&spec - all.data());
    for (const Tensor& bias : {Tensor(), at::randn({kHeads, 9, 9}, options)}) {
      expect_written_out(spec, rows, bias, attend(spec, rows, bias, {{.new_ids = ids}}, nullptr));
    }
  }
}

TEST_P(TorchAttention, a_bias_goes_by_absolute_position_in_ragged_steps_and_while_decoding) {
  const at::TensorOptions options = ops().activations();
  const Rows a = some_rows(9, options), b = some_rows(6, options);
  const std::vector<PageId> pages_a = {4, 0, 2}, pages_b = {1, 3};
  const Tensor bias = at::randn({kHeads, 9, 9}, options);
  const auto ids = [&](std::size_t count) { return std::span(ids_).first(count); };
  for (const AttentionSpec& spec : kinds()) {
    if (!spec.causal) continue;  // a query of an earlier step has not seen later keys
    Config config = tiny_config({.layers = 1});
    config.layers[0].attention = spec;
    KvCache cache(config, options, /*pages=*/5, /*tokens_per_page=*/4);
    attend(spec, joined(a.part(0, 5), b.part(0, 2)), bias,
           {{.new_ids = ids(5), .pages = pages_a}, {.new_ids = ids(2), .pages = pages_b}}, &cache);
    const Tensor y = attend(spec, joined(a.part(5, 3), b.part(2, 3)), bias,
                            {{.new_ids = ids(3), .position = 5, .pages = pages_a},
                             {.new_ids = ids(3), .position = 2, .pages = pages_b}},
                            &cache);
    expect_written_out(spec, a.part(0, 8), bias, y.narrow(0, 0, 3), 5);
    expect_written_out(spec, b.part(0, 5), bias, y.narrow(0, 3, 3), 2);
    const Tensor last = attend(spec, joined(a.part(8, 1), b.part(5, 1)), bias,
                               {{.new_ids = ids(1), .position = 8, .pages = pages_a},
                                {.new_ids = ids(1), .position = 5, .pages = pages_b}},
                               &cache);
    expect_written_out(spec, a, bias, last.narrow(0, 0, 1), 8);
    expect_written_out(spec, b, bias, last.narrow(0, 1, 1), 5);
  }
}

TEST_P(TorchAttention, refuses_a_bias_that_is_too_short_sinks_unasked_and_another_steps_rows) {
  const at::TensorOptions options = ops().activations();
  const Rows rows = some_rows(5, options);
  const AttentionSpec spec = attention_spec();
  const std::vector<StepSequence> five = {{.new_ids = std::span(ids_).first(5)}};
  EXPECT_THROW(attend(spec, rows, at::zeros({1, 1, 4}, options), five, nullptr), Error);
  EXPECT_THROW(attend(spec, rows.part(0, 4), {}, five, nullptr), Error);
  AttentionSpec other = spec;
  other.window = 2;
  const OneSequence begun(ops(), spec, 5);
  const AttentionArgs args{
      .q_THd = rows.q_THd, .k_TGd = rows.k_TGd, .v_TGe = rows.v_TGe, .spec = &other};
  EXPECT_THROW(ops().attention(begun.step(), args), Error);
  other = spec;
  other.sinks = true;
  EXPECT_THROW(ops().attention(begun.step(), args), Error);
}

TEST_P(TorchAttention, rounds_the_product_before_it_is_scaled) {
  const auto halves = torch_ops(GetParam(), DType::bf16);
  const at::TensorOptions options = halves->activations();
  AttentionSpec spec = attention_spec();
  spec.scale = 1 / std::sqrt(6.0);
  const Rows rows = some_rows(64, options);
  const AttentionArgs args{
      .q_THd = rows.q_THd, .k_TGd = rows.k_TGd, .v_TGe = rows.v_TGe, .spec = &spec};
  const Tensor y = halves->attention(OneSequence(*halves, spec, 64).step(), args);
  // transformers' eager attention: matmul, times scale, softmax in float32, rounded, matmul
  const Tensor k_HTd = rows.k_TGd.repeat_interleave(kHeads / kGroups, 1).transpose(0, 1);
  const Tensor v_HTe = rows.v_TGe.repeat_interleave(kHeads / kGroups, 1).transpose(0, 1);
  const Tensor scores = rows.q_THd.transpose(0, 1).matmul(k_HTd.transpose(1, 2)) * spec.scale;
  const Tensor hidden = at::ones({64, 64}, options.dtype(at::kBool)).triu(1);
  const Tensor p = scores.masked_fill(hidden, -std::numeric_limits<double>::infinity())
                       .softmax(-1, at::kFloat)
                       .to(at::kBFloat16);
  EXPECT_TRUE(y.equal(p.matmul(v_HTe).transpose(0, 1).reshape({64, -1})));
}

TEST_P(TorchAttention, in_pieces_is_attention_at_once) {
  const at::TensorOptions options = ops().activations();
  const std::int64_t rows = 3000;  // 4 heads x 3000 x 3000 scores: many pieces on a CPU
  AttentionSpec spec = attention_spec();
  spec.kv_heads = 1;
  spec.qk_dim = spec.v_dim = 2;
  spec.scale = 1;
  spec.window = 700;
  const AttentionArgs args{.q_THd = at::randn({rows, 4, 2}, options),
                           .k_TGd = at::randn({rows, 1, 2}, options),
                           .v_TGe = at::randn({rows, 1, 2}, options),
                           .spec = &spec};
  const Tensor y = ops().attention(OneSequence(ops(), spec, rows).step(), args);
  const Tensor i = at::arange(rows, options).unsqueeze(1), j = at::arange(rows, options);
  const Tensor scores = args.q_THd.permute({1, 0, 2}).matmul(args.k_TGd.permute({1, 2, 0}));
  const Tensor hidden = (j > i).logical_or(j <= i - 700);
  const Tensor whole = scores.masked_fill(hidden, -std::numeric_limits<double>::infinity())
                           .softmax(-1)
                           .matmul(args.v_TGe.permute({1, 0, 2}));
  EXPECT_TRUE(y.allclose(whole.permute({1, 0, 2}).reshape({rows, -1}), 1e-4, 1e-5));
}

INSTANTIATE_TEST_SUITE_P(decoder, TorchAttention, testing::Values("cpu", "cuda"), device_name);

}  // namespace
}  // namespace moe
