// Prompts, a small engine and what it generates, for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "models/decoder/native_engine.h"
#include "tests/models/tiny_model.h"

namespace moe {

using Ids = std::vector<TokenId>;

inline std::unique_ptr<NativeEngine> engine_of(const Config& config, std::int64_t batch,
                                               const ScoreLimits& limits = {}) {
  TinyWeights weights(config);
  std::optional<Tokenizer> tokenizer;
  if (config.vocab == 258) tokenizer = Tokenizer::bytes();
  return std::make_unique<NativeEngine>(
      config, weights, std::move(tokenizer),
      NativeOptions{.device = "cpu", .threads = 1, .limits = limits, .batch = batch});
}

inline std::vector<Request> prompts(std::int64_t vocab) {
  std::mt19937_64 random(4);
  std::vector<Request> out;
  for (int i = 0; i < 7; ++i) {
    Request& request = out.emplace_back();
    request.kind = RequestKind::generate;
    request.max_new_tokens = 1 + i % 4 * 5;
    Ids ids;
    for (std::size_t t = 0; t < 1 + random() % 20; ++t)
      ids.push_back(static_cast<TokenId>(random() % static_cast<std::uint64_t>(vocab)));
    request.context_ids = std::move(ids);
  }
  return out;
}

inline std::vector<Scored> generated(Engine& engine, std::span<const Request> requests) {
  std::vector<Scored> out(requests.size());
  std::vector<int> times(requests.size());
  engine.generate(requests, [&](std::size_t i, const Scored& answer) {
    out.at(i) = answer;
    ++times.at(i);
  });
  EXPECT_TRUE(std::ranges::all_of(times, [](int n) { return n == 1; }));
  return out;
}

}  // namespace moe
