// Greedy generation of the native engine on tiny random models.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/cost.h"
#include "models/decoder/native_engine.h"
#include "models/tokenizer/byte_tokenizer.h"
#include "tests/models/decoder/generation.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

/// The arg-max of one pass over everything so far, again and again: no cache, no batch.
Ids plain(Engine& engine, const Request& request) {
  Ids ids = *request.context_ids, out;
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

/// Prompts wait for pages, enter in pieces and leave at different times; what they say is the same.
TEST(generation, does_not_depend_on_the_memory_or_the_size_of_a_step) {
  const Config config = tiny_config();
  const std::vector<Request> requests = prompts(config.vocab);
  std::int64_t longest = 0;
  for (const Request& r : requests)
    longest = std::max(longest, std::ssize(*r.context_ids) + r.max_new_tokens);
  const std::int64_t pages = (longest + 3) / 4;
  const std::int64_t page_bytes = 4 * kv_bytes_per_token(config, DType::f32);
  const auto expected = generated(*engine_of(config, 1), requests);
  for (const std::int64_t more_pages : {0, 2, 1000}) {
    for (const std::int64_t tokens : {1, 5, 4096}) {
      const auto engine = engine_of(config, 16,
                                    {.kv_bytes = (pages + more_pages) * page_bytes,
                                     .tokens_per_page = 4,
                                     .tokens_per_step = tokens});
      const auto answers = generated(*engine, requests);
      for (std::size_t i = 0; i < requests.size(); ++i)
        EXPECT_EQ(answers[i].ids, expected[i].ids) << more_pages << " " << tokens << " " << i;
    }
  }
  const auto engine =
      engine_of(config, 1, {.kv_bytes = pages * page_bytes - 1, .tokens_per_page = 4});
  const std::string message = message_of<Error>([&] { generated(*engine, requests); });
  EXPECT_NE(message.find(std::to_string(pages * page_bytes)), std::string::npos) << message;
  EXPECT_NE(message.find(std::to_string(pages * page_bytes - 1)), std::string::npos) << message;
}

/// A prompt, others that go on from it, one that is its beginning, and itself again.
std::vector<Request> branching_prompts(std::int64_t vocab) {
  std::vector<Request> out = prompts(vocab);
  const Ids lead = *out[6].context_ids;
  for (Request& request : out) {
    Ids ids = lead;
    ids.insert(ids.end(), request.context_ids->begin(), request.context_ids->end());
    request.context_ids = std::move(ids);
  }
  out[2].context_ids = lead;
  out[3].context_ids = Ids{lead.front()};
  out[4].context_ids = out[5].context_ids;
  return out;
}

TEST(generation, of_prompts_with_a_common_beginning_is_what_it_is_one_by_one) {
  const Config config = tiny_config({.experts = 4});
  const std::vector<Request> requests = branching_prompts(config.vocab);
  const auto alone = engine_of(config, 1);
  for (const std::int64_t batch : {1, 2, 16}) {
    const auto engine =
        engine_of(config, batch,
                  {.kv_bytes = 1 << 20, .tokens_per_page = 3, .tokens_per_step = 1 + 20 / batch});
    engine->reset_expert_loads();
    const auto answers = generated(*engine, requests);
    for (std::size_t i = 0; i < requests.size(); ++i)
      EXPECT_EQ(answers[i].ids, plain(*alone, requests[i])) << batch << " " << i;
  }
}

TEST(generation, fits_into_the_pages_of_one_prompt_and_its_answer_and_needs_no_sharing) {
  const Config config = tiny_config({.experts = 4});
  const std::vector<Request> requests = branching_prompts(config.vocab);
  const auto expected = generated(*engine_of(config, 1), requests);
  std::int64_t longest = 0;
  for (const Request& r : requests)
    longest = std::max(longest, std::ssize(*r.context_ids) + r.max_new_tokens);
  const std::int64_t least = (longest + 2) / 3 * 3 * kv_bytes_per_token(config, DType::f32);
  for (const ScoreLimits& limits :
       {ScoreLimits{.kv_bytes = least, .tokens_per_page = 3},
        ScoreLimits{.kv_bytes = 1 << 20, .tokens_per_page = 3, .sharing = false}}) {
    const auto answers = generated(*engine_of(config, 16, limits), requests);
    for (std::size_t i = 0; i < requests.size(); ++i)
      EXPECT_EQ(answers[i].ids, expected[i].ids) << limits.kv_bytes << " " << i;
  }
}

TEST(generation, runs_what_prompts_share_once) {
  const Config config = tiny_config({.experts = 4});
  std::vector<Request> requests = branching_prompts(config.vocab);
  for (Request& request : requests) request.max_new_tokens = 1;
  requests.resize(3);
  requests[0].context_ids = Ids(20, 7);
  requests[1].context_ids = Ids(20, 7);
  requests[2].context_ids = Ids(15, 7);
  const auto engine = engine_of(config, 16);
  engine->reset_expert_loads();
  generated(*engine, requests);
  const ExpertLoads loads = engine->expert_loads();
  const std::int64_t routed = std::reduce(loads.back().begin(), loads.back().end());
  const std::int64_t run = 19 + 3;  // the longest prompt but for its end, and the end of each
  EXPECT_EQ(routed, run * config.layers.back().feed_forward.experts_per_token);
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

TEST(generation, ends_with_the_end_token_that_only_the_tokenizer_names) {
  Config config = tiny_config({.vocab = 258});
  config.eos_ids = {};
  Request request = prompts(258).front();
  request.max_new_tokens = 12;
  const Ids free = plain(*engine_of(config, 1), request);
  const TemporaryFolder folder;
  const auto file = folder.write("tokenizer.json", byte_tokenizer_json());
  const Json named = {{"eos_token", Tokenizer::bytes().token(free[2])}};
  folder.write("tokenizer_config.json", named.dump());
  TinyWeights weights(config);
  NativeEngine engine(config, weights, Tokenizer::load(file),
                      NativeOptions{.threads = 1, .limits = {}});
  const auto first = std::ranges::find(free, free[2]);
  EXPECT_EQ(generated(engine, std::span(&request, 1)).front().ids, Ids(free.begin(), first + 1));
}

TEST(generation, cuts_a_prompt_on_the_left_so_that_prompt_and_answer_fit) {
  const Config config = tiny_config();  // 256 positions
  Request request = prompts(config.vocab).front();
  request.context_ids = Ids(300, 5);
  request.max_new_tokens = 10;
  const auto answer = generated(*engine_of(config, 1), std::span(&request, 1)).front();
  EXPECT_EQ(answer.truncated_tokens, 300 - 246);
  EXPECT_EQ(answer.ids.size(), 10U);
}

}  // namespace
}  // namespace moe
