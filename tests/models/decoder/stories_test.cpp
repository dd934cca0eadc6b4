// A real trained model of 260 thousand parameters against what its authors' program computes.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "models/checkpoint/checkpoint.h"
#include "models/family.h"
#include "tests/models/decoder/device_test.h"

namespace moe {
namespace {

class Stories : public OnDevice {
 protected:
  void SetUp() override {
    OnDevice::SetUp();
    if (IsSkipped()) return;
    const char* data = std::getenv("MOEBENCH_DATA");  // NOLINT(concurrency-mt-unsafe): one thread
    if (data == nullptr) GTEST_SKIP() << "MOEBENCH_DATA is not set: no stories260K to test";
    folder_ = std::filesystem::path(data) / "checkpoints/stories260K";
    if (!std::filesystem::exists(folder_)) GTEST_SKIP() << "no " << folder_;
    config_ = read_config(folder_ / "hf/config.json");
    Checkpoint weights(folder_ / "hf", config_);
    decoder_ = std::make_unique<Decoder>(config_, ops(), weights);
  }

  Json json(const char* file) const {
    std::ifstream in(folder_ / file);
    return Json::parse(in);
  }

  std::filesystem::path folder_;
  Config config_;
  std::unique_ptr<Decoder> decoder_;
};

std::vector<TokenId> prompt_and_continuation(const Json& greedy) {
  auto ids = greedy.at("prompt_ids").get<std::vector<TokenId>>();
  for (const TokenId id : greedy.at("greedy_ids").get<std::vector<TokenId>>()) ids.push_back(id);
  return ids;
}

TEST_P(Stories, logits_are_the_golden_ones) {
  std::vector<TokenId> ids = prompt_and_continuation(json("golden_greedy.json"));
  ids.resize(16);
  std::vector<float> golden(std::size_t{16} * 512);
  std::ifstream in(folder_ / "golden_logits_pos0-15.f32", std::ios::binary);
  in.read(reinterpret_cast<char*>(golden.data()),
          static_cast<std::streamsize>(golden.size() * sizeof(float)));
  ASSERT_TRUE(in.good());
  const Tensor expected = at::tensor(golden, at::kFloat).view({16, 512});
  EXPECT_LE((logits_of(*decoder_, ids) - expected).abs().max().item<double>(), 1e-4);
}

TEST_P(Stories, greedy_tokens_are_the_golden_ones) {
  const Json golden = json("golden_greedy.json");
  const auto expected = golden.at("greedy_ids").get<std::vector<TokenId>>();
  auto next = golden.at("prompt_ids").get<std::vector<TokenId>>();
  KvCache cache(config_, ops().activations(), /*pages=*/32, /*tokens_per_page=*/16);
  const std::vector<PageId> pages = first_rows(32);
  std::vector<TokenId> greedy;
  for (std::int64_t position = 0; greedy.size() < expected.size();) {
    const std::vector<std::int32_t> asked = {static_cast<std::int32_t>(next.size()) - 1};
    Step step;
    step.sequences.push_back(
        {.new_ids = next, .position = position, .pages = pages, .asked = asked});
    const Tensor logits = run(*decoder_, step, &cache);
    position += std::ssize(next);
    greedy.push_back(logits.argmax(-1).item<TokenId>());
    next = {greedy.back()};
  }
  EXPECT_EQ(greedy, expected);
}

TEST_P(Stories, negative_log_likelihoods_are_the_golden_ones) {
  for (const Json& item : json("golden_nll.json").at("items")) {
    const auto ids = item.at("ids").get<std::vector<TokenId>>();
    const auto scored = std::ssize(ids) - 1;
    const Tensor log_p =
        logits_of(*decoder_, ids).to(at::kDouble).log_softmax(-1).narrow(0, 0, scored);
    const Tensor next =
        at::tensor(std::vector<std::int64_t>(ids.begin() + 1, ids.end()), at::kLong).unsqueeze(1);
    const double nll = -log_p.gather(1, next).sum().item<double>();
    const auto golden = item.at("sum_nll").get<double>();
    EXPECT_LE(std::abs(nll - golden), 1e-5 * golden);
  }
}

INSTANTIATE_TEST_SUITE_P(decoder, Stories, testing::Values("cpu", "fast", "cuda"), device_name);

}  // namespace
}  // namespace moe
