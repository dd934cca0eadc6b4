// Parameters cut out of tensors that they share: a checkpoint of a family made up for it.
#include "models/checkpoint/recipe.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/models/checkpoint/fused_family.h"
#include "tests/models/checkpoint/small_checkpoint.h"

namespace moe {
namespace {

using Values = std::vector<float>;

Values values_of(const WeightView& view) {
  Values out(view.bytes.size() / sizeof(float));
  std::memcpy(out.data(), view.bytes.data(), view.bytes.size());
  return out;
}

Values joined(const std::vector<Values>& parts) {
  Values all;
  for (const Values& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Values transposed(const Values& x, std::size_t rows) {
  const std::size_t columns = x.size() / rows;
  Values out;
  for (std::size_t c = 0; c < columns; ++c)
    for (std::size_t r = 0; r < rows; ++r) out.push_back(x[r * columns + c]);
  return out;
}

/// Rows of a and b in turn.
Values interleaved(const Values& a, const Values& b, std::size_t columns) {
  Values out;
  for (std::size_t i = 0; i < a.size(); i += columns) {
    out.insert(out.end(), &a[i], &a[i] + columns);
    out.insert(out.end(), &b[i], &b[i] + columns);
  }
  return out;
}

class Fused : public testing::Test {
 protected:
  Values value(const std::string& parameter) { return values_of(weights_.weight(parameter)); }

  void put(const std::string& name, const Values& values, std::vector<std::int64_t> shape) {
    tensors_.push_back(
        {name, text_of(std::as_bytes(std::span(values))), DType::f32, std::move(shape)});
  }

  /// The model as the family would write it: D = 8, F = 6, 3 experts, 2 heads of 4, 1 of keys.
  void SetUp() override {
    put("embed", value("embedding.weight"), {10, 8});
    for (const std::string n : {"0", "1"}) {
      const std::string layer = "l." + n + ".", block = "blocks." + n + ".";
      const auto of = [&](const std::string& name) { return value(block + name); };
      put(layer + "n1", of("attention_norm.weight"), {8});
      put(layer + "n2", of("feed_forward_norm.weight"), {8});
      put(layer + "qkv",
          joined({of("attention.q.weight"), of("attention.k.weight"), of("attention.v.weight")}),
          {16, 8});
      put(layer + "o", transposed(of("attention.o.weight"), 8), {8, 8});
      put(layer + "router", of("router.weight"), {3, 8});
      std::vector<Values> inner, inner_bias, down, down_bias;
      for (const std::string e : {"experts.0.", "experts.1.", "experts.2."}) {
        inner.push_back(transposed(interleaved(of(e + "gate.weight"), of(e + "up.weight"), 8), 12));
        inner_bias.push_back(interleaved(of(e + "gate.bias"), of(e + "up.bias"), 1));
        down.push_back(of(e + "down.weight"));
        down_bias.push_back(of(e + "down.bias"));
      }
      put(layer + "gate_up", joined(inner), {3, 8, 12});
      put(layer + "gate_up_bias", joined(inner_bias), {3, 12});
      put(layer + "down", joined(down), {3, 8, 6});
      put(layer + "down_bias", joined(down_bias), {3, 8});
    }
    put("norm", value("norm.weight"), {8});
    put("head", value("head.weight"), {10, 8});
  }

  std::string refused() {
    write_tensors(folder_.path() / "model.safetensors", tensors_);
    return message_of<Error>([&] { Checkpoint(folder_.path(), config_, kFused); });
  }
  OwnedTensor& tensor(std::string_view name) {
    return *std::ranges::find(tensors_, name, &OwnedTensor::name);
  }

  TemporaryFolder folder_;
  Config config_ = fused_config();
  Synthetic weights_ = Synthetic(config_, 5, DType::f32);
  std::vector<OwnedTensor> tensors_;
};

TEST_F(Fused, every_parameter_is_cut_out_of_what_it_shares) {
  write_tensors(folder_.path() / "model.safetensors", tensors_);
  Checkpoint checkpoint(folder_.path(), config_, kFused);
  for (const bool released : {false, true}) {
    if (released) checkpoint.release();
    for (const ParameterShape& parameter : parameters(config_)) {
      const WeightView found = checkpoint.weight(parameter.name);
      EXPECT_EQ(found.shape, parameter.shape) << parameter.name;
      EXPECT_EQ(values_of(found), value(parameter.name)) << parameter.name;
    }
  }
}

TEST_F(Fused, what_lies_together_is_not_copied) {
  write_tensors(folder_.path() / "model.safetensors", tensors_);
  Checkpoint checkpoint(folder_.path(), config_, kFused);
  const auto at = [&](const char* name) { return checkpoint.weight(name).bytes.data(); };
  EXPECT_EQ(at("blocks.0.attention.k.weight"),
            at("blocks.0.attention.q.weight") + std::ptrdiff_t{8} * 8 * 4);
  EXPECT_EQ(at("blocks.1.experts.2.down.weight"),
            at("blocks.1.experts.0.down.weight") + std::ptrdiff_t{2} * 6 * 8 * 4);
}

TEST_F(Fused, a_digest_does_not_depend_on_how_parameters_lie) {
  write_tensors(folder_.path() / "model.safetensors", tensors_);
  const TemporaryFolder plain;
  std::vector<WeightName> names;
  const std::vector<ParameterShape> all = parameters(config_);
  for (const ParameterShape& p : all) names.push_back({p.name, p.name});
  Family whole = kFused;
  whole.weights = names;
  std::vector<OwnedTensor> tensors;
  for (const ParameterShape& p : all)
    tensors.push_back({p.name, text_of(weights_.weight(p.name).bytes), DType::f32, p.shape});
  write_tensors(plain.path() / "model.safetensors", tensors);
  EXPECT_EQ(Checkpoint(folder_.path(), config_, kFused).digest(),
            Checkpoint(plain.path(), config_, whole).digest());
}

TEST_F(Fused, shapes_missing_and_left_over_tensors_are_named) {
  tensor("l.1.qkv").shape = {8, 16};
  std::string message = refused();
  EXPECT_TRUE(has(message, "l.1.qkv") && has(message, "[8, 16]") && has(message, "[16, 8]"));
  tensor("l.1.qkv").shape = {16, 8};
  EXPECT_EQ(refused(), "");
  tensor("l.1.gate_up").name = "l.1.gate_down";
  message = refused();
  EXPECT_TRUE(has(message, "1 tensors are missing: l.1.gate_up")) << message;
  tensors_.push_back(tensor("l.1.gate_down"));
  tensors_.back().name = "l.1.gate_up";
  EXPECT_TRUE(has(refused(), "l.1.gate_down")) << refused();
}

TEST(recipe, those_that_do_not_fit_together_are_refused) {
  const FedParameter q{.name = "q", .shape = {4, 2}, .recipe = kInTurn, .expert = 0, .turn = 0};
  FedParameter k = q;
  k.name = "k";
  k.turn = 1;
  const auto message = [&] {
    return message_of<Error>([&] { layout_of("qk", std::vector{q, k}); });
  };
  EXPECT_EQ(message(), "");
  k.shape = {4, 3};
  EXPECT_TRUE(has(message(), "qk") && has(message(), "k do not fit")) << message();
  k.shape = {4, 2};
  k.recipe.transposed = true;
  EXPECT_TRUE(has(message(), "do not fit"));
  k.recipe = kInTurn;
  k.expert = 2;
  EXPECT_TRUE(has(message(), "experts")) << message();
  const FedParameter whole{.name = "a", .shape = {4, 2}, .recipe = {}, .expert = 0, .turn = 0};
  EXPECT_TRUE(
      has(message_of<Error>([&] { layout_of("t", std::vector{whole, whole}); }), "each take all"));
}

}  // namespace
}  // namespace moe
