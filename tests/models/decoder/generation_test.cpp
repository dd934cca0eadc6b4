// Greedy generation of the native engine on tiny random models.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "harness/error.h"
#include "models/decoder/native_engine.h"
#include "tests/models/tiny_model.h"

namespace moe {
namespace {

using Ids = std::vector<TokenId>;

std::unique_ptr<NativeEngine> engine_of(const Config& config, std::int64_t batch) {
  TinyWeights weights(config);
  std::optional<Tokenizer> tokenizer;
  if (config.vocab == 258) tokenizer = Tokenizer::bytes();
  return std::make_unique<NativeEngine>(
      config, weights, std::move(tokenizer),
      NativeOptions{.device = "cpu", .threads = 1, .limits = {}, .batch = batch});
}

std::vector<Request> prompts(std::int64_t vocab) {
  std::mt19937_64 random(4);
  std::vector<Request> out;
  for (int i = 0; i < 7; ++i) {
    Request& request = out.emplace_back();
    request.kind = RequestKind::generate;
    request.max_new_tokens = 1 + i % 4 * 5;
    for (std::size_t t = 0; t < 1 + random() % 20; ++t)
      request.context_ids.push_back(
          static_cast<TokenId>(random() % static_cast<std::uint64_t>(vocab)));
  }
  return out;
}

std::vector<Scored> generated(Engine& engine, std::span<const Request> requests) {
  std::vector<Scored> out(requests.size());
  std::vector<int> times(requests.size());
  engine.generate(requests, [&](std::size_t i, const Scored& answer) {
    out.at(i) = answer;
    ++times.at(i);
  });
  EXPECT_TRUE(std::ranges::all_of(times, [](int n) { return n == 1; }));
  return out;
}

/// The arg-max of one pass over everything so far, again and again: no cache, no batch.
Ids plain(Engine& engine, const Request& request) {
  Ids ids = request.context_ids, out;
  while (static_cast<std::int64_t>(out.size()) < request.max_new_tokens) {
    const auto row = engine.logits(ids).back();
    out.push_back(static_cast<TokenId>(std::ranges::max_element(row) - row.begin()));
    ids.push_back(out.back());
    if (std::ranges::find(engine.config().eos_ids, out.back()) != engine.config().eos_ids.end())
      break;
  }
  return out;
}

TEST(generation, with_the_cache_in_batches_is_what_it_is_without_one_by_one) {
  for (const std::int64_t experts : {0, 4}) {
    const Config config = tiny_config({.experts = experts});
    const std::vector<Request> requests = prompts(config.vocab);
    for (const std::int64_t batch : {1, 3, 16}) {
      const auto engine = engine_of(config, batch);
      const auto answers = generated(*engine, requests);
      for (std::size_t i = 0; i < requests.size(); ++i)
        EXPECT_EQ(answers[i].ids, plain(*engine, requests[i])) << batch << " " << i;
    }
  }
}

TEST(generation, does_not_depend_on_the_order_of_prompts) {
  const Config config = tiny_config();
  std::vector<Request> requests = prompts(config.vocab);
  const auto engine = engine_of(config, 3);
  auto answers = generated(*engine, requests);
  std::ranges::reverse(requests);
  std::ranges::reverse(answers);
  const auto again = generated(*engine, requests);
  for (std::size_t i = 0; i < requests.size(); ++i) EXPECT_EQ(again[i].ids, answers[i].ids) << i;
}

TEST(generation, ends_with_the_end_token) {
  Config config = tiny_config();
  Request request = prompts(config.vocab).front();
  request.max_new_tokens = 12;
  const Ids free = plain(*engine_of(config, 1), request);
  ASSERT_GE(free.size(), 3U);
  config.eos_ids = {free[2]};
  const auto ended = generated(*engine_of(config, 1), std::span(&request, 1)).front();
  const auto first = std::ranges::find(free, free[2]);
  EXPECT_EQ(ended.ids, Ids(free.begin(), first + 1));
}

TEST(generation, cuts_a_prompt_on_the_left_so_that_prompt_and_answer_fit) {
  const Config config = tiny_config();  // 256 positions
  Request request = prompts(config.vocab).front();
  request.context_ids.assign(300, 5);
  request.max_new_tokens = 10;
  const auto answer = generated(*engine_of(config, 1), std::span(&request, 1)).front();
  EXPECT_EQ(answer.truncated_tokens, 300 - 246);
  EXPECT_EQ(answer.ids.size(), 10U);
}

/// A byte-level BPE of 330 tokens, some of several letters.
Tokenizer pieces() {
  return Tokenizer::load(std::filesystem::path(MOE_SOURCE_DIR) /
                         "tests/goldens/lm_eval/tokenizer.json");
}

/// Every stop string splits what the ones before it have left, as lm-evaluation-harness does it:
/// one token may hold two of them.
TEST(generation, cuts_the_text_at_every_stop_string) {
  const Config config = tiny_config({.vocab = 330});
  Request request = prompts(config.vocab).front();
  request.max_new_tokens = 60;
  TinyWeights weights(config);
  NativeEngine engine(config, weights, pieces(), NativeOptions{.threads = 1, .limits = {}});
  const auto whole = generated(engine, std::span(&request, 1)).front();
  const Tokenizer tokenizer = pieces();
  const auto plain_letter = [](char c) { return c >= ' ' && c <= '~'; };
  for (std::size_t i = 0; i < whole.ids.size(); ++i) {
    const std::span ids(whole.ids);
    const std::string before = tokenizer.decode(ids.first(i)),
                      piece = tokenizer.decode(ids.subspan(i, 1));
    if (piece.size() < 2 || piece.front() == piece.back() || !plain_letter(piece.front()) ||
        !plain_letter(piece.back()) || before.find_first_of(piece) != std::string::npos)
      continue;
    request.stop = {piece.substr(piece.size() - 1), piece.substr(0, 1)};
    EXPECT_EQ(generated(engine, std::span(&request, 1)).front().text, before);
    return;
  }
  FAIL() << "no token of several letters among " << whole.text;
}

TEST(generation, ends_where_a_stop_string_appears) {
  Config config = tiny_config({.vocab = 258});
  config.eos_ids = {257};
  Request request = prompts(258).front();
  request.max_new_tokens = 24;
  const auto engine = engine_of(config, 1);
  const Ids whole = generated(*engine, std::span(&request, 1)).front().ids;
  const auto letter = std::ranges::find_if(whole, [](TokenId id) { return id < 128; });
  ASSERT_NE(letter, whole.end());
  request.stop = {std::string(1, static_cast<char>(*letter))};
  EXPECT_EQ(generated(*engine, std::span(&request, 1)).front().ids, Ids(whole.begin(), letter + 1));
}

}  // namespace
}  // namespace moe
