// The native engine on tiny random models: sharing, order, budgets and the cache change nothing but
// the work.
#include "models/decoder/native_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "harness/error.h"
#include "models/decoder/rounded_head.h"
#include "tests/models/tiny_model.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using Ids = std::vector<TokenId>;

constexpr double kRounding = 1e-5;
constexpr std::int64_t kPlenty = std::int64_t{1} << 24U;  // bytes of cache

std::unique_ptr<NativeEngine> engine_of(const Config& config, const ScoreLimits& limits,
                                        std::int64_t batch = 16, bool fast = false) {
  TinyWeights weights(config);
  std::optional<Tokenizer> tokenizer;
  if (config.vocab == 258) tokenizer = Tokenizer::bytes();
  return std::make_unique<NativeEngine>(config, weights, std::move(tokenizer),
                                        NativeOptions{.device = "cpu",
                                                      .fast = fast,
                                                      .threads = fast ? 2 : 1,
                                                      .limits = limits,
                                                      .batch = batch});
}

Ids drawn(std::mt19937_64& random, std::size_t count, std::int64_t vocab) {
  Ids ids(count);
  for (TokenId& id : ids)
    id = static_cast<TokenId>(3 + random() % static_cast<std::uint64_t>(vocab - 3));
  return ids;
}

Request asked(RequestKind kind, Ids context, Ids continuation) {
  Request request;
  request.kind = kind;
  request.context_ids = std::move(context);
  request.continuation_ids = std::move(continuation);
  return request;
}

Request scored(Ids context, Ids continuation) {
  return asked(RequestKind::log_likelihood, std::move(context), std::move(continuation));
}

Request rolling(Ids text) {
  return asked(RequestKind::rolling, {1}, std::move(text));
}

/// Five subjects with a prefix each, questions below it, four choices below those; and a rolling
/// text.
std::vector<Request> suite_like(std::int64_t vocab) {
  std::mt19937_64 random(5);
  std::vector<Request> requests;
  for (int subject = 0; subject < 5; ++subject) {
    const Ids prefix = drawn(random, 30, vocab);
    for (int question = 0; question < 4; ++question) {
      Ids context = prefix;
      for (const TokenId id : drawn(random, 5 + random() % 9, vocab)) context.push_back(id);
      for (int choice = 0; choice < 4; ++choice)
        requests.push_back(scored(context, drawn(random, 1 + random() % 4, vocab)));
    }
  }
  requests.push_back(rolling(drawn(random, 700, vocab)));
  requests.push_back(scored(drawn(random, 400, vocab), drawn(random, 3, vocab)));  // cut to 256
  return requests;
}

/// Answers in the order of the requests; each must come once.
std::vector<Scored> answers_of(Engine& engine, std::span<const Request> requests) {
  std::vector<Scored> out(requests.size());
  std::vector<int> times(requests.size());
  const auto answered = [&](std::size_t i, const Scored& answer) {
    out.at(i) = answer;
    ++times.at(i);
  };
  engine.score(requests, answered, {});
  EXPECT_TRUE(std::ranges::all_of(times, [](int n) { return n == 1; }));
  return out;
}

std::vector<Scored> one_by_one(Engine& engine, std::span<const Request> requests) {
  std::vector<Scored> out;
  out.reserve(requests.size());
  for (const Request& request : requests)
    out.push_back(answers_of(engine, std::span(&request, 1)).front());
  return out;
}

void expect_equal(const std::vector<Scored>& a, const std::vector<Scored>& b,
                  double rounding = kRounding) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double size =
        std::max(1.0, std::abs(a[i].log_likelihood) / 10);  // the text's sum is -2e3
    EXPECT_NEAR(a[i].log_likelihood, b[i].log_likelihood, rounding * size) << "request " << i;
    EXPECT_EQ(a[i].is_greedy, b[i].is_greedy) << "request " << i;
    EXPECT_EQ(a[i].truncated_tokens, b[i].truncated_tokens) << "request " << i;
  }
}

/// ln p(continuation | context) from the logits of one pass, in float64.
double plain_log_likelihood(Engine& engine, const Request& request) {
  Ids ids = *request.context_ids;
  ids.insert(ids.end(), request.continuation_ids.begin(), request.continuation_ids.end());
  const auto logits = engine.logits(std::span(ids).first(ids.size() - 1));
  double sum = 0;
  for (std::size_t t = request.context_ids->size(); t < ids.size(); ++t) {
    const std::vector<float>& row = logits[t - 1];
    double total = 0;
    for (const float x : row) total += std::exp(static_cast<double>(x));
    sum += static_cast<double>(row[static_cast<std::size_t>(ids[t])]) - std::log(total);
  }
  return sum;
}

struct ScoringOf {
  std::string name;
  std::int64_t experts;
  bool fast;
};

class Scoring : public testing::TestWithParam<ScoringOf> {
 protected:
  std::unique_ptr<NativeEngine> engine(const ScoreLimits& limits) {
    return engine_of(config_, limits, 16, GetParam().fast);
  }
  Config config_ = tiny_config({.experts = GetParam().experts});
  double rounding_ = GetParam().fast ? 0 : kRounding;  // of fast, the bits are the same
};

TEST_P(Scoring, together_and_one_by_one_give_the_same_under_every_budget) {
  const std::vector<Request> requests = suite_like(config_.vocab);
  const auto plain = one_by_one(*this->engine({.kv_bytes = kPlenty}), requests);
  const std::int64_t least =
      std::int64_t{256} * 2 * 2 * 2 * 4 * 4;  // tokens, layers, k and v, heads, width, f32
  for (const ScoreLimits& limits :
       {ScoreLimits{.kv_bytes = kPlenty}, ScoreLimits{.kv_bytes = kPlenty, .tokens_per_step = 7},
        ScoreLimits{.kv_bytes = kPlenty, .tokens_per_page = 5, .tokens_per_step = 64},
        ScoreLimits{.kv_bytes = kPlenty, .tokens_per_page = 1, .logit_bytes = 1},
        ScoreLimits{.kv_bytes = least + 4096, .tokens_per_step = 100},
        ScoreLimits{.kv_bytes = least},  // of the longest input, and no page for a branch
        ScoreLimits{.kv_bytes = kPlenty, .sharing = false},
        ScoreLimits{.kv_bytes = kPlenty, .tokens_per_step = 33, .sharing = false},
        ScoreLimits{.kv_bytes = 2 * least, .logit_bytes = 1000}}) {
    SCOPED_TRACE(fmt::format("{} bytes, pages of {}, steps of {}", limits.kv_bytes,
                             limits.tokens_per_page, limits.tokens_per_step));
    expect_equal(answers_of(*this->engine(limits), requests), plain, rounding_);
  }
}

TEST_P(Scoring, does_not_depend_on_the_order_of_requests) {
  const std::vector<Request> requests = suite_like(config_.vocab);
  const auto engine = this->engine({.kv_bytes = kPlenty, .tokens_per_step = 50});
  const auto plain = answers_of(*engine, requests);
  std::vector<std::size_t> order(requests.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::shuffle(order, std::mt19937_64(1));
  std::vector<Request> shuffled;
  std::vector<Scored> wanted;
  for (const std::size_t i : order) {
    shuffled.push_back(requests[i]);
    wanted.push_back(plain[i]);
  }
  expect_equal(answers_of(*engine, shuffled), wanted, rounding_);
}

TEST_P(Scoring, gives_the_log_softmax_of_the_logits) {
  const auto engine = this->engine({.kv_bytes = kPlenty});
  std::vector<Request> requests = suite_like(config_.vocab);
  requests.resize(20);
  const auto answers = answers_of(*engine, requests);
  for (std::size_t i = 0; i < requests.size(); ++i)
    EXPECT_NEAR(answers[i].log_likelihood, plain_log_likelihood(*engine, requests[i]), kRounding);
}

TEST_P(Scoring, calls_a_continuation_greedy_where_every_token_is_the_best) {
  const auto engine = this->engine({.kv_bytes = kPlenty});
  std::mt19937_64 random(9);
  const Ids context = drawn(random, 12, config_.vocab);
  Ids ids = context;
  for (int i = 0; i < 3; ++i) {
    const auto row = engine->logits(ids).back();
    ids.push_back(static_cast<TokenId>(std::ranges::max_element(row) - row.begin()));
  }
  Ids best(ids.end() - 3, ids.end()), other = best;
  other[1] = (other[1] + 1) % static_cast<TokenId>(config_.vocab);
  const std::vector<Request> requests = {scored(context, best), scored(context, other)};
  const auto answers = answers_of(*engine, requests);
  EXPECT_TRUE(answers[0].is_greedy);
  EXPECT_FALSE(answers[1].is_greedy);
}

INSTANTIATE_TEST_SUITE_P(, Scoring,
                         testing::Values(ScoringOf{"dense", 0, false},
                                         ScoringOf{"mixture", 4, false},
                                         ScoringOf{"dense_fast", 0, true},
                                         ScoringOf{"mixture_fast", 4, true}),
                         [](const auto& scoring) { return scoring.param.name; });

TEST(native_engine, runs_a_target_on_the_kernels_that_its_numerics_names) {
  const std::string spec = "synthetic:demo-moe@layers=1,dtype=bf16";
  const auto plain = open_engine(resolve_target(spec + ",numerics=reference"));
  const auto fast = open_engine(resolve_target(spec + ",numerics=fast,threads=2"));
  EXPECT_FALSE(plain->capabilities().invariant);
  EXPECT_TRUE(fast->capabilities().invariant);
  EXPECT_EQ(plain->activation_dtype(), DType::bf16);
  EXPECT_EQ(fast->activation_dtype(), DType::f32);
  EXPECT_EQ(fast->memory().kv_bytes_per_token, 2 * plain->memory().kv_bytes_per_token);
}

TEST(native_engine, a_rolling_text_is_the_sum_of_its_windows_and_an_empty_one_is_nought) {
  const Config config = tiny_config();
  const auto engine = engine_of(config, {.kv_bytes = kPlenty});
  std::mt19937_64 random(2);
  const Ids ids = drawn(random, 600, config.vocab);
  const std::vector<Request> requests = {rolling(ids), rolling({})};
  double wanted = 0;
  constexpr TokenId kPrefix[] = {1};
  for (const Window& window : rolling_windows(kPrefix, ids, config.max_positions)) {
    Ids context = window.input();
    context.resize(context.size() - window.targets.size() + 1);
    wanted += plain_log_likelihood(
        *engine, scored(std::move(context), {window.targets.begin(), window.targets.end()}));
  }
  const auto answers = answers_of(*engine, requests);
  EXPECT_NEAR(answers[0].log_likelihood, wanted, 1e-6 * std::abs(wanted));
  EXPECT_EQ(answers[1].log_likelihood, 0);
}

TEST(native_engine, a_cache_that_is_too_small_is_an_error_with_both_sizes) {
  const auto engine = engine_of(tiny_config(), {.kv_bytes = 1000});
  const std::vector<Request> requests = {scored(Ids(100, 5), {6})};
  const std::string message = message_of<Error>([&] { answers_of(*engine, requests); });
  EXPECT_NE(message.find("1000"), std::string::npos) << message;
  EXPECT_NE(message.find("14336"), std::string::npos) << message;  // 7 pages x 16 x 128 bytes
}

/// log softmax of one row as bfloat16 has it: logits rounded, then the result.
double rounded_log_p(const std::vector<float>& logits, TokenId id) {
  double largest = -1e30, sum = 0;
  for (const float logit : logits) largest = std::max(largest, rounded(logit, DType::bf16));
  for (const float logit : logits) sum += std::exp(rounded(logit, DType::bf16) - largest);
  const double exact =
      rounded(logits[static_cast<std::size_t>(id)], DType::bf16) - largest - std::log(sum);
  return rounded(exact, DType::bf16);
}

TEST(native_engine, a_softmax_in_the_models_dtype_rounds_logits_log_probabilities_and_their_sums) {
  for (const bool fast : {false, true}) {
    const auto exact = engine_of(tiny_config({.experts = 4}), {.kv_bytes = kPlenty}, 16, fast);
    const auto bf16 = engine_of(tiny_config({.experts = 4}),
                                {.kv_bytes = kPlenty, .softmax = DType::bf16}, 16, fast);
    std::mt19937_64 random(3);
    std::vector<Request> requests;
    for (std::size_t i = 0; i < 40; ++i)
      requests.push_back(scored(drawn(random, 9, exact->config().vocab),
                                drawn(random, 1 + i % 3, exact->config().vocab)));
    const auto in_float = answers_of(*exact, requests), in_bf16 = answers_of(*bf16, requests);
    int changed = 0;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const double found = in_bf16[i].log_likelihood;
      EXPECT_EQ(found, rounded(found, DType::bf16));
      changed += found != in_float[i].log_likelihood ? 1 : 0;
      if (requests[i].continuation_ids.size() > 1) continue;
      const double expected = rounded_log_p(exact->logits(*requests[i].context_ids).back(),
                                            requests[i].continuation_ids[0]);
      // Float32 and double may fall on two sides of a half: one unit in the last of eight bits.
      EXPECT_NEAR(found, expected, std::abs(expected) / 128);
    }
    EXPECT_GT(changed, 30) << "a float32 is rarely a bfloat16";
  }
}

}  // namespace
}  // namespace moe
