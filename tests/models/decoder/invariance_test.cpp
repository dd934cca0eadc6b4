// numerics=fast: the bits of a row depend on its sequence up to it and the weights alone.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>

#include "models/checkpoint/checkpoint.h"
#include "models/family.h"
#include "tests/models/decoder/device_test.h"
#include "tests/models/decoder/golden.h"
#include "tests/models/decoder/layer_kinds.h"
#include "tests/models/tiny_model.h"

namespace moe {
namespace {

using Random = std::mt19937;

std::int64_t by_lot(Random& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}

/// A sequence, and how far it has come in a run.
struct Text {
  std::vector<TokenId> ids;
  std::int64_t shared = 0;  // tokens that it begins with as the first text does
  std::vector<PageId> pages;
  std::int64_t done = 0, first = 0;  // rows before `first` are the first text's
  std::vector<Tensor> hidden;
};

/// Texts of up to 200 tokens, of which some begin like the first.
std::vector<Text> texts_by_lot(Random& random, std::int64_t vocab) {
  std::vector<Text> texts(static_cast<std::size_t>(by_lot(random, 1, 12)));
  for (Text& text : texts) {
    const std::int64_t length = by_lot(random, 1, by_lot(random, 0, 3) == 0 ? 200 : 40);
    for (std::int64_t i = 0; i < length; ++i)
      text.ids.push_back(static_cast<TokenId>(by_lot(random, 0, vocab - 1)));
    const std::int64_t most = std::min(length, std::ssize(texts[0].ids)) - 1;
    if (&text == texts.data() || most < 1 || by_lot(random, 0, 2) == 0) continue;
    text.shared = by_lot(random, 1, most);
    std::copy_n(texts[0].ids.begin(), text.shared, text.ids.begin());
  }
  return texts;
}

/// Gives each text its pages, in an order by lot; whole pages of shared tokens are the first's.
std::int64_t give_pages(std::vector<Text>& texts, std::int64_t tokens_per_page, Random& random) {
  std::vector<PageId> ids;
  for (Text& text : texts) {
    const std::int64_t pages = (std::ssize(text.ids) + tokens_per_page - 1) / tokens_per_page;
    text.first = text.done = text.shared / tokens_per_page * tokens_per_page;
    for (std::int64_t p = 0; p < pages; ++p) ids.push_back(static_cast<PageId>(ids.size()));
    text.pages.resize(static_cast<std::size_t>(pages));
  }
  std::ranges::shuffle(ids, random);
  auto next = ids.begin();
  for (Text& text : texts) {
    for (PageId& page : text.pages) page = *next++;
    std::copy_n(texts[0].pages.begin(), text.first / tokens_per_page, text.pages.begin());
  }
  return std::ssize(ids);
}

/// Some of the texts, in an order by lot, with some of their tokens each.
std::vector<std::pair<Text*, std::int64_t>> some_rows(std::vector<Text>& texts, Random& random) {
  std::vector<std::pair<Text*, std::int64_t>> chosen;
  for (Text& text : texts) {
    const std::int64_t left = std::ssize(text.ids) - text.done;
    const bool waits = texts[0].done < text.first;  // for what it shares
    if (left == 0 || waits || by_lot(random, 0, 3) == 0) continue;
    chosen.emplace_back(&text, by_lot(random, 1, by_lot(random, 0, 1) == 0 ? left : 1));
  }
  std::ranges::shuffle(chosen, random);
  return chosen;
}

/// Hidden states of all texts, computed together in steps by lot.
void run_together(Decoder& decoder, std::vector<Text>& texts, Random& random) {
  const std::int64_t tokens_per_page = by_lot(random, 1, 40);
  const std::int64_t pages = give_pages(texts, tokens_per_page, random);
  KvCache cache(decoder.config(), decoder.ops().activations(), pages, tokens_per_page);
  const std::vector<std::int32_t> rows = first_rows(200);
  const auto unfinished = [](const Text& text) { return text.done < std::ssize(text.ids); };
  while (std::ranges::any_of(texts, unfinished)) {
    const auto chosen = some_rows(texts, random);
    if (chosen.empty()) continue;
    // A text that comes in one go, and whose pages nobody shares, may do without a cache.
    const auto pages_of = [&](const Text& text, std::int64_t count) -> std::span<const PageId> {
      const bool whole = text.done == 0 && count == std::ssize(text.ids) && &text != texts.data();
      return whole && by_lot(random, 0, 1) == 0 ? std::span<const PageId>() : text.pages;
    };
    Step step;
    for (const auto& [text, count] : chosen) {
      const auto from = static_cast<std::size_t>(text->done),
                 size = static_cast<std::size_t>(count);
      step.sequences.push_back({.new_ids = std::span(text->ids).subspan(from, size),
                                .position = text->done,
                                .pages = pages_of(*text, count),
                                .asked = std::span(rows).first(size)});
    }
    const Tensor hidden = decoder.step(step, &cache).hidden_RD;
    std::int64_t begin = 0;
    for (const auto& [text, count] : chosen) {
      text->hidden.push_back(hidden.narrow(0, begin, count));
      text->done += count;
      begin += count;
    }
  }
}

Tensor hidden_alone(Decoder& decoder, std::span<const TokenId> ids) {
  const std::vector<std::int32_t> asked = first_rows(ids.size());
  Step step;
  step.sequences.push_back({.new_ids = ids, .asked = asked});
  return decoder.step(step, nullptr).hidden_RD;
}

void expect_invariance(const Config& config, WeightSource& weights, const KeptAs& kept,
                       const RemovedExperts& removed = {}) {
  std::vector<std::unique_ptr<Ops>> tables;
  std::vector<std::unique_ptr<Decoder>> decoders;  // of 1, 2 and 3 threads
  for (const std::int64_t threads : {1, 2, 3}) {
    tables.push_back(cpu_ops(kept, threads));
    decoders.push_back(std::make_unique<Decoder>(config, *tables.back(), weights));
    decoders.back()->set_experts(std::nullopt, removed);
  }
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed);
    std::vector<Text> texts = texts_by_lot(random, config.vocab);
    run_together(*decoders[seed % 3], texts, random);
    for (const Text& text : texts) {
      const Tensor alone = hidden_alone(*decoders[0], text.ids);
      const Tensor together = at::cat(text.hidden);
      ASSERT_FALSE(alone.isnan().any().item<bool>());
      ASSERT_TRUE(alone.narrow(0, text.first, together.size(0)).equal(together))
          << text.ids.size() << " tokens of " << texts.size() << " texts";
    }
  }
}

TEST(invariance, holds_for_every_family) {
  for (const Family* family : families()) {
    SCOPED_TRACE(family->name);
    const std::filesystem::path folder = tiny_golden(std::string(family->name));
    const Config config = read_config(folder / "config.json");
    Checkpoint weights(folder, config);
    for (const DType dtype : {DType::f32, DType::bf16}) expect_invariance(config, weights, dtype);
  }
}

TEST(invariance, holds_where_experts_are_removed) {
  const Config config = tiny_config({.experts = 8});
  TinyWeights weights(config);
  expect_invariance(config, weights, DType::bf16, {{0, 3}, {7}});
}

TEST(invariance, holds_for_everything_that_a_layer_can_be) {
  for (const auto& [name, config] : layer_kinds()) {
    SCOPED_TRACE(name);
    TinyWeights weights(config);
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16})
      expect_invariance(config, weights, dtype);
  }
}

TEST(invariance, holds_for_quantised_weights) {
  for (const std::int64_t experts : {0, 8}) {
    const Config config = tiny_config({.experts = experts});
    TinyWeights weights(config);
    for (const Quantisation quantisation :
         {Quantisation::int8, Quantisation::int4, Quantisation::mxfp4})
      expect_invariance(config, weights, {DType::bf16, quantisation});
  }
}

TEST(invariance, everything_that_a_layer_can_be_agrees_with_the_reference) {
  for (const auto& [name, config] : layer_kinds()) {
    SCOPED_TRACE(name);
    TinyWeights weights(config);
    const auto fast = cpu_ops(DType::f32, 2), reference = torch_ops("cpu", DType::f32);
    Decoder a(config, *fast, weights), b(config, *reference, weights);
    const std::vector<TokenId> ids = some_ids(60, config.vocab);
    EXPECT_LE(difference(logits_of(b, ids), logits_of(a, ids)), 2e-5);
  }
}

TEST(invariance, holds_for_what_the_head_says) {
  const Config config = tiny_config({.vocab = 300});
  TinyWeights weights(config);
  const auto one = cpu_ops(DType::bf16, 1), two = cpu_ops(DType::bf16, 2);
  Decoder a(config, *one, weights), b(config, *two, weights);
  const std::vector<TokenId> ids = some_ids(50, config.vocab);
  const Tensor hidden = hidden_alone(a, ids), logits = a.head(hidden);
  std::vector<std::int64_t> row, id;
  for (std::int64_t n = 0; n < 100; ++n) {
    row.push_back(n / 2);
    id.push_back(7 * n % 300);
  }
  const HeadScores all = a.head_scores(hidden, {.row = row, .id = id});
  EXPECT_TRUE(all.log_p_N.equal(b.head_scores(hidden, {.row = row, .id = id}).log_p_N));
  for (std::int64_t n = 0; n < 100; ++n) {
    const std::vector<std::int64_t> zero = {0}, target = {id[static_cast<std::size_t>(n)]};
    const HeadScores one_row =
        b.head_scores(hidden.narrow(0, n / 2, 1), {.row = zero, .id = target});
    EXPECT_TRUE(one_row.log_p_N[0].equal(all.log_p_N[n]));
    EXPECT_TRUE(one_row.is_best_N[0].equal(all.is_best_N[n]));
    EXPECT_TRUE(b.head(hidden.narrow(0, n / 2, 1))[0].equal(logits[n / 2]));
  }
}

}  // namespace
}  // namespace moe
