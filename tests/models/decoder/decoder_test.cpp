// What must hold of any decoder, on tiny random models.
#include <gtest/gtest.h>

#include <memory>

#include "harness/clock.h"
#include "harness/error.h"
#include "kernels/packed/packed_matrix.h"
#include "tests/models/decoder/device_test.h"
#include "tests/models/tiny_model.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

constexpr double kRounding = 1e-5;  // another order of summation in float32

class DecoderCase : public OnDevice {
 protected:
  std::unique_ptr<Decoder> decoder(const Config& config) {
    TinyWeights weights(config);
    return std::make_unique<Decoder>(config, ops(), weights);
  }
};

void copy_values(TinyWeights& from, const std::string& a, TinyWeights& to, const std::string& b) {
  to.values(b) = from.values(a);
}

TEST_P(DecoderCase, a_mixture_of_one_expert_is_the_dense_model_bit_for_bit) {
  const Config sparse = tiny_config({.experts = 1, .experts_per_token = 1});
  const Config plain = tiny_config({.experts = 0});
  TinyWeights mixture(sparse), dense(plain);
  for (const char* layer : {"blocks.0.", "blocks.1."}) {
    for (const char* part : {"gate.weight", "up.weight", "down.weight"}) {
      copy_values(mixture, std::string(layer) + "experts.0." + part, dense,
                  std::string(layer) + "feed_forward." + part);
    }
  }
  Decoder a(sparse, ops(), mixture), b(plain, ops(), dense);
  const std::vector<TokenId> ids = some_ids(17, sparse.vocab);
  EXPECT_TRUE(logits_of(a, ids).equal(logits_of(b, ids)));
}

TEST_P(DecoderCase, equal_experts_that_are_all_chosen_do_not_depend_on_the_router) {
  const Config config = tiny_config({.experts = 4, .experts_per_token = 4});
  const auto with_router = [&](std::uint64_t seed) {
    TinyWeights weights(config), other(config, seed);
    for (const char* layer : {"blocks.0.", "blocks.1."}) {
      copy_values(other, std::string(layer) + "router.weight", weights,
                  std::string(layer) + "router.weight");
      for (const char* e : {"1", "2", "3"}) {
        for (const char* part : {".gate.weight", ".up.weight", ".down.weight"}) {
          copy_values(weights, std::string(layer) + "experts.0" + part, weights,
                      std::string(layer) + "experts." + e + part);
        }
      }
    }
    Decoder decoder(config, ops(), weights);
    return logits_of(decoder, some_ids(17, config.vocab));
  };
  EXPECT_LE(difference(with_router(1), with_router(2)), kRounding);
}

TEST_P(DecoderCase, a_ragged_batch_is_its_sequences_one_by_one) {
  Config config = tiny_config();
  config.layers[1].attention.window = 5;
  const auto model = decoder(config);
  std::vector<std::vector<TokenId>> texts;
  for (const std::int64_t length : {7, 1, 12, 7, 3}) {
    texts.push_back(some_ids(length, config.vocab, 3 * length + std::ssize(texts)));
  }
  const std::vector<std::int32_t> rows = first_rows(12);
  Step step;
  std::vector<Tensor> alone;
  for (const auto& ids : texts) {
    step.sequences.push_back(
        {.new_ids = ids, .position = 0, .pages = {}, .asked = std::span(rows).first(ids.size())});
    alone.push_back(logits_of(*model, ids));
  }
  EXPECT_LE(difference(at::cat(alone), run(*model, step)), kRounding);
}

TEST_P(DecoderCase, only_asked_rows_come_back) {
  const Config config = tiny_config();
  const auto model = decoder(config);
  const std::vector<TokenId> a = some_ids(6, config.vocab), b = some_ids(4, config.vocab, 5);
  const std::vector<std::int32_t> asked = {1, 5};
  Step step;
  step.sequences.push_back({.new_ids = a, .position = 0, .pages = {}, .asked = asked});
  step.sequences.push_back({.new_ids = b, .position = 0, .pages = {}, .asked = {}});
  const Tensor all = logits_of(*model, a);
  EXPECT_LE(difference(at::stack({all[1], all[5]}), run(*model, step)), kRounding);
}

TEST_P(DecoderCase, timers_hold_every_part_of_a_step_and_sum_to_it) {
  const Config config = tiny_config();
  const auto model = decoder(config);
  const std::vector<TokenId> ids = some_ids(10, config.vocab);
  const std::vector<std::int32_t> asked = first_rows(ids.size());
  const std::vector<std::int64_t> targets = {3, 5};
  StepTimers timers;
  Step step;
  step.sequences.push_back({.new_ids = ids, .position = 0, .pages = {}, .asked = asked});
  step.timers = &timers;
  const double began = steady_seconds();
  const Tensor hidden_RD = model->step(step, nullptr).hidden_RD;
  EXPECT_EQ(timers.head_s, 0);
  model->head(hidden_RD, &timers);
  const double only_head = timers.head_s;
  model->head_scores(hidden_RD, {.row = targets, .id = targets}, &timers);
  const double took = steady_seconds() - began;
  EXPECT_GT(only_head, 0);
  EXPECT_GT(timers.head_s, only_head);
  const double parts[] = {timers.attention_s, timers.router_s, timers.experts_s, timers.other_s};
  double sum = timers.head_s;
  for (const double part : parts) {
    EXPECT_GT(part, 0);
    sum += part;
  }
  EXPECT_LE(sum, took);
  EXPECT_GT(sum, took / 2);
}

TEST_P(DecoderCase, bytes_by_part_are_those_of_the_weights) {
  Config config = tiny_config();
  config.tied_embeddings = true;
  const auto model = decoder(config);
  // Packed panels are whole, and a tied head is another table packed.
  const bool packed = GetParam() == "fast";
  const auto expect_bytes = [&](std::string_view part, std::int64_t bytes) {
    EXPECT_EQ(model->bytes_of(part), bytes) << part;
  };
  EXPECT_EQ(model->bytes_of("embedding"), 40 * 16 * 4);
  EXPECT_EQ(model->bytes_of("norms"), 5 * 16 * 4);
  const auto matrix = [&](std::int64_t outputs, std::int64_t inputs) -> std::int64_t {
    return packed ? PackedShape{.N = outputs, .K = inputs, .format = PackedFormat::f32}.bytes()
                  : outputs * inputs * 4;
  };
  expect_bytes("head", packed ? matrix(40, 16) : 0);
  expect_bytes("router", 2 * matrix(4, 16));
  expect_bytes("experts", std::int64_t{2} * 4 * (2 * matrix(12, 16) + matrix(16, 12)));
  expect_bytes("attention", 2 * (2 * matrix(16, 16) + 2 * matrix(8, 16)));
  EXPECT_THROW(model->bytes_of("tail"), Error);
}

TEST_P(DecoderCase, a_hidden_state_that_is_no_number_is_found_in_the_first_step) {
  const Config config = tiny_config();
  TinyWeights weights(config);
  for (float& x : weights.values("blocks.1.attention.o.weight")) x = 3e38F;
  Decoder model(config, ops(), weights);
  const std::string said = message_of<Error>([&] { logits_of(model, some_ids(5, config.vocab)); });
  EXPECT_NE(said.find("block 1: the hidden state of row 0"), std::string::npos) << said;
}

TEST_P(DecoderCase, refuses_a_step_that_cannot_be) {
  const Config config = tiny_config();
  const auto model = decoder(config);
  const std::vector<TokenId> ids = {1, 2, 3}, outside = {1, 40};
  const std::vector<std::int32_t> backwards = {2, 1};
  const std::vector<std::vector<std::int32_t>> few = {{0}, {}}, other = {{9, 0, 1, 0, 1, 0}, {}},
                                               one_layer = {{}};
  const std::vector<PageId> page = {0};
  const auto refused = [&](const StepSequence& sequence, RoutingControl routing = {}) {
    const Step step{.sequences = {sequence}, .routing = routing, .timers = nullptr};
    EXPECT_THROW(model->step(step, nullptr), Error);
  };
  EXPECT_THROW(model->step({}, nullptr), Error);
  refused({.new_ids = outside, .position = 0, .pages = {}, .asked = {}});
  refused({.new_ids = ids, .position = 4, .pages = {}, .asked = {}});
  refused({.new_ids = ids, .position = 0, .pages = page, .asked = {}});
  refused({.new_ids = ids, .position = 0, .pages = {}, .asked = backwards});
  for (const auto& force : {few, other, one_layer}) {
    refused({.new_ids = ids, .position = 0, .pages = {}, .asked = {}}, {.force_LTK = force});
  }
}

INSTANTIATE_TEST_SUITE_P(decoder, DecoderCase, testing::Values("cpu", "fast", "cuda"), device_name);

}  // namespace
}  // namespace moe
