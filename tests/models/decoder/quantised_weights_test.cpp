// Weights that are kept quantised: a model of them is the model of what they stand for.
#include <gtest/gtest.h>

#include "harness/error.h"
#include "kernels/packed/element.h"
#include "kernels/packed/quantised.h"
#include "models/cost.h"
#include "models/decoder/native_engine.h"
#include "models/family.h"
#include "tests/models/decoder/device_test.h"
#include "tests/models/tiny_model.h"

namespace moe {
namespace {

PackedFormat format_of(Quantisation quantisation) {
  return quantisation == Quantisation::int8   ? PackedFormat::int8
         : quantisation == Quantisation::int4 ? PackedFormat::int4
                                              : PackedFormat::mxfp4;
}

/// What elements of a row are once they were quantised.
void there_and_back(PackedFormat format, std::span<float> row) {
  std::vector<std::byte> stored(static_cast<std::size_t>(row_bytes(format, std::ssize(row))));
  quantise(format, row, stored.data());
  for (std::size_t k = 0; k < row.size(); ++k) {
    row[k] = static_cast<float>(element_of(format, stored.data(), static_cast<std::int64_t>(k)));
  }
}

/// The large matrices there and back, the head in int8, everything else as it is.
TinyWeights stood_for(const Config& config, Quantisation quantisation) {
  TinyWeights weights(config);
  for (const ParameterShape& parameter : parameters(config)) {
    const bool small = parameter.shape.size() < 2 || parameter.name == "embedding.weight" ||
                       parameter.name.find("router") != std::string::npos;
    if (small) continue;
    const bool head = parameter.name == "head.weight";
    std::vector<float>& values = weights.values(parameter.name);
    const auto inputs = static_cast<std::size_t>(parameter.shape.back());
    for (std::size_t at = 0; at < values.size(); at += inputs) {
      there_and_back(head ? PackedFormat::int8 : format_of(quantisation),
                     std::span(values).subspan(at, inputs));
    }
  }
  return weights;
}

class QuantisedWeights : public testing::TestWithParam<Quantisation> {};

TEST_P(QuantisedWeights, give_the_logits_of_what_they_stand_for) {
  for (const std::int64_t experts : {0, 8}) {
    const Config config = tiny_config({.experts = experts});
    TinyWeights plain(config), rounded = stood_for(config, GetParam());
    const auto kept = cpu_ops({DType::f32, GetParam()}, 2), whole = cpu_ops(DType::f32, 2);
    Decoder quantised(config, *kept, plain), wanted(config, *whole, rounded),
        unquantised(config, *whole, plain);
    const std::vector<TokenId> ids = some_ids(40, config.vocab);
    EXPECT_LE(difference(logits_of(wanted, ids), logits_of(quantised, ids)), 2e-5);
    EXPECT_GT(difference(logits_of(unquantised, ids), logits_of(quantised, ids)), 1e-4);
  }
}

TEST_P(QuantisedWeights, take_the_bytes_that_are_said) {
  const std::string spec =
      "synthetic:demo-moe@dtype=bf16,weights=" + std::string(name_of(GetParam()));
  const Target target = resolve_target(spec);
  const auto engine = open_engine(target);
  const ByPart said = weight_bytes(engine->config(), engine->weights()),
               plain = weight_bytes(engine->config(), DType::bf16);
  const auto held = engine->memory().weight_bytes;
  const auto unquantised =
      open_engine(resolve_target("synthetic:demo-moe@dtype=bf16"))->memory().weight_bytes;
  EXPECT_LT(said.experts, plain.experts);
  for (const auto& [part, bytes] :
       {std::pair("attention", said.attention), std::pair("experts", said.experts)}) {
    EXPECT_GE(held.at(part), bytes) << part;
    EXPECT_LE(static_cast<double>(held.at(part)), 1.25 * static_cast<double>(bytes))
        << part << ": panels and scales are padded a little";
  }
  for (const char* part : {"router", "norms", "embedding"})
    EXPECT_EQ(held.at(part), unquantised.at(part)) << part << " is not quantised";
}

TEST_P(QuantisedWeights, that_no_scale_reaches_are_refused) {
  const Config config = tiny_config();
  TinyWeights weights(config);
  weights.values("blocks.0.attention.o.weight")[3] = 1e30F;
  const auto ops = cpu_ops({DType::f32, GetParam()}, 1);
  if (GetParam() == Quantisation::mxfp4) {  // has exponents enough
    EXPECT_NO_THROW(Decoder(config, *ops, weights));
  } else {
    EXPECT_THROW(Decoder(config, *ops, weights), Error);
  }
}

INSTANTIATE_TEST_SUITE_P(decoder, QuantisedWeights,
                         testing::Values(Quantisation::int8, Quantisation::int4,
                                         Quantisation::mxfp4),
                         [](const auto& of) { return std::string(name_of(of.param)); });

}  // namespace
}  // namespace moe
