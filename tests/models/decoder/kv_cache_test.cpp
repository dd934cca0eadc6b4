// Pages: what they hold, and that sharing them changes nothing.
#include "models/decoder/kv_cache.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "harness/error.h"
#include "models/cost.h"
#include "tests/models/decoder/device_test.h"
#include "tests/models/tiny_model.h"

namespace moe {
namespace {

/// Another order of summation in float32; the bits are the same on the fast table.
double rounding(const std::string& table) {
  return table == "fast" ? 0 : 1e-5;
}

using Ids = std::vector<TokenId>;
using Pages = std::vector<PageId>;

class KvCacheCase : public OnDevice {
 protected:
  void SetUp() override {
    OnDevice::SetUp();
    if (IsSkipped()) return;
    config_ = tiny_config();
    config_.layers[0].attention.window = 6;
    TinyWeights weights(config_);
    decoder_ = std::make_unique<Decoder>(config_, ops(), weights);
    cache_ = std::make_unique<KvCache>(config_, ops().activations(), /*pages=*/16,
                                       /*tokens_per_page=*/4);
  }

  /// Logits of the last row of a sequence that has `position` tokens in its pages.
  Tensor last_row(const Ids& ids, std::int64_t position, const Pages& pages) {
    const std::vector<std::int32_t> asked = {static_cast<std::int32_t>(ids.size()) - 1};
    Step step;
    step.sequences.push_back(
        {.new_ids = ids, .position = position, .pages = pages, .asked = asked});
    return run(*decoder_, step, cache_.get());
  }

  Tensor unpaged_last_row(const Ids& ids) { return logits_of(*decoder_, ids)[-1].unsqueeze(0); }

  Config config_;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<KvCache> cache_;
};

Ids joined(const Ids& a, const Ids& b) {
  Ids both = a;
  both.insert(both.end(), b.begin(), b.end());
  return both;
}

TEST_P(KvCacheCase, reads_back_what_was_written_across_pages) {
  const Pages pages = {5, 2, 9};
  const Tensor k = at::rand({10, 2, 4}, ops().activations());
  const Tensor v = at::rand({10, 2, 4}, ops().activations());
  cache_->write(1, pages, 0, k.narrow(0, 0, 3), v.narrow(0, 0, 3));
  cache_->write(1, pages, 3, k.narrow(0, 3, 7), v.narrow(0, 3, 7));
  const auto [keys, values] = cache_->read(1, pages, 10);
  EXPECT_TRUE(keys.equal(k));
  EXPECT_TRUE(values.equal(v));
}

TEST_P(KvCacheCase, a_paged_pass_is_an_unpaged_one) {
  const Ids ids = some_ids(15, config_.vocab);
  EXPECT_LE(difference(unpaged_last_row(ids), last_row(ids, 0, {3, 1, 15, 0})),
            rounding(GetParam()));
}

TEST_P(KvCacheCase, tokens_one_at_a_time_are_tokens_all_at_once) {
  const Ids ids = some_ids(15, config_.vocab);
  Tensor last;
  for (std::size_t at = 0; at < ids.size(); ++at) {
    last = last_row({ids[at]}, static_cast<std::int64_t>(at), {3, 1, 15, 0});
  }
  EXPECT_LE(difference(unpaged_last_row(ids), last), rounding(GetParam()));
}

TEST_P(KvCacheCase, sequences_that_share_pages_and_branch_inside_one_are_unshared_ones) {
  const Ids stem = some_ids(10, config_.vocab);  // two pages and a half
  const Ids a = {3, 4, 5}, b = {7}, c = {9, 8, 7, 6};
  last_row(stem, 0, {0, 1, 2});
  cache_->copy_pages(std::vector<PageCopy>{{2, 3}, {2, 4}});
  const Pages pages_a = {0, 1, 2, 5}, pages_b = {0, 1, 3}, pages_c = {0, 1, 4, 6};
  const std::vector<std::int32_t> last_a = {2}, last_b = {0}, last_c = {3};
  Step step;
  step.sequences = {{.new_ids = a, .position = 10, .pages = pages_a, .asked = last_a},
                    {.new_ids = b, .position = 10, .pages = pages_b, .asked = last_b},
                    {.new_ids = c, .position = 10, .pages = pages_c, .asked = last_c}};
  const Tensor shared = run(*decoder_, step, cache_.get());
  const Tensor alone =
      at::cat({unpaged_last_row(joined(stem, a)), unpaged_last_row(joined(stem, b)),
               unpaged_last_row(joined(stem, c))});
  EXPECT_LE(difference(alone, shared), rounding(GetParam()));
}

TEST_P(KvCacheCase, pages_before_a_window_are_not_read) {
  for (LayerSpec& layer : config_.layers) layer.attention.window = 6;
  TinyWeights weights(config_);
  Decoder windowed(config_, ops(), weights);
  const Ids ids = some_ids(15, config_.vocab), next = {5};
  const std::vector<std::int32_t> asked = {0};
  const auto decode = [&](const Pages& pages) {
    Step step;
    step.sequences.push_back({.new_ids = next, .position = 15, .pages = pages, .asked = asked});
    return run(windowed, step, cache_.get());
  };
  const Pages pages = {3, 1, 15, 0};
  Step prefill;
  prefill.sequences.push_back({.new_ids = ids, .pages = pages});
  run(windowed, prefill, cache_.get());
  const Tensor whole = decode(pages);
  // Position 15 sees 10 to 15; what lies in the pages of 0 to 7 is no matter, not even NaN.
  const Tensor nothing = at::full({8, 2, 4}, std::nan(""), ops().activations());
  for (const std::int64_t layer : {0, 1}) cache_->write(layer, pages, 0, nothing, nothing);
  EXPECT_TRUE(whole.equal(decode(pages)));
  EXPECT_TRUE(whole.equal(decode({9999, 9999, 15, 0})));
}

TEST_P(KvCacheCase, sequences_with_and_without_pages_go_in_one_step) {
  const Ids a = some_ids(9, config_.vocab), b = some_ids(5, config_.vocab, 4);
  const Pages pages = {8, 7, 6};
  const std::vector<std::int32_t> last_a = {8}, last_b = {4};
  Step step;
  step.sequences = {{.new_ids = b, .position = 0, .pages = {}, .asked = last_b},
                    {.new_ids = a, .position = 0, .pages = pages, .asked = last_a}};
  const Tensor both = run(*decoder_, step, cache_.get());
  EXPECT_LE(difference(at::cat({unpaged_last_row(b), unpaged_last_row(a)}), both),
            rounding(GetParam()));
}

TEST_P(KvCacheCase, refuses_pages_that_are_too_few_or_not_its_own) {
  const Ids ids = some_ids(9, config_.vocab);
  EXPECT_THROW(last_row(ids, 0, {0, 1}), Error);
  EXPECT_THROW(last_row(ids, 0, {0, 1, 16}), Error);
  EXPECT_THROW(cache_->copy_pages(std::vector<PageCopy>{{1, 2}, {0, 16}}), Error);
  EXPECT_THROW(KvCache(config_, ops().activations(), 0, 4), Error);
}

TEST_P(KvCacheCase, bytes_of_a_token_are_keys_and_values_of_all_layers) {
  EXPECT_EQ(kv_bytes_per_token(config_, DType::f32), 2 * 2 * (4 + 4) * 4);
  EXPECT_EQ(kv_bytes_per_token(config_, DType::bf16), 2 * 2 * (4 + 4) * 2);
}

INSTANTIATE_TEST_SUITE_P(decoder, KvCacheCase, testing::Values("cpu", "fast", "cuda"), device_name);

}  // namespace
}  // namespace moe
