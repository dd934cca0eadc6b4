#include "models/engine/requests_for.h"

#include <gtest/gtest.h>

#include "harness/error.h"
#include "models/engine/encode.h"
#include "models/tokenizer/tokenizer.h"
#include "tests/goldens/lm_eval/golden.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using Ids = std::vector<TokenId>;

constexpr RequestLimits kLimits = {.vocab = 258, .max_tokens = 16};  // reads bytes

std::vector<Request> requests_of(const std::string& text, const Tokenizer* tokenizer,
                                 const RequestLimits& limits = kLimits) {
  std::vector<RequestLine> lines = read_request_lines(text, "f.jsonl");
  return requests_for(lines, tokenizer, limits, "f.jsonl");
}

std::string log_likelihood_line(int id, const std::string& context,
                                const std::string& continuation) {
  return nlohmann::json{{"id", id},
                        {"type", "loglikelihood"},
                        {"context", context},
                        {"continuation", continuation}}
             .dump() +
         "\n";
}

TEST(requests_for, texts_are_encoded_as_each_alone) {
  const Tokenizer tokenizer = Tokenizer::load(lm_eval_goldens() / "tokenizer.json");
  const std::pair<std::string, std::string> pairs[] = {
      {"the thing", " A"}, {"the thing", "yes"}, {"", "yes"}, {"", " A"},
      {"is \n ", "A"},     {"is \n", " A"},      {"is", "A"}, {"the thing", " A"}};
  std::string text;
  for (int id = 0; const auto& [context, continuation] : pairs)
    text += log_likelihood_line(id++, context, continuation);
  const auto requests =
      requests_of(text, &tokenizer, {.vocab = tokenizer.size(), .max_tokens = 100});
  ASSERT_EQ(requests.size(), std::size(pairs));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Request alone = log_likelihood_request(tokenizer, pairs[i].first, pairs[i].second);
    EXPECT_EQ(requests[i].context_ids, alone.context_ids) << i;
    EXPECT_EQ(requests[i].continuation_ids, alone.continuation_ids) << i;
    EXPECT_EQ(requests[i].context, alone.context);
    EXPECT_EQ(requests[i].continuation, alone.continuation);
  }
}

TEST(requests_for, a_rolling_text_is_led_by_the_prefix) {
  const Tokenizer bytes = Tokenizer::bytes();
  const auto requests = requests_of(R"({"id":1,"type":"loglikelihood_rolling","text":"ab"}
{"id":2,"type":"loglikelihood_rolling","text_ids":[97,98]}
{"id":3,"type":"loglikelihood_rolling","text":""})",
                                    &bytes);
  EXPECT_EQ(requests[0].continuation_ids, rolling_request(bytes, "ab").continuation_ids);
  EXPECT_EQ(requests[0].context_ids, (Ids{256}));
  EXPECT_EQ(requests[1].context_ids, (Ids{256}));
  EXPECT_EQ(requests[1].continuation_ids, (Ids{97, 98}));
}

TEST(requests_for, a_generation_keeps_the_white_space_and_stops_at_the_end_tokens_text) {
  const Tokenizer bytes = Tokenizer::bytes();
  const auto requests = requests_of(
      R"({"id":1,"type":"generate_until","context":"a ","until":["."],"max_gen_toks":3})", &bytes);
  EXPECT_EQ(requests[0].context_ids, (Ids{256, 'a', ' '}));
  EXPECT_EQ(requests[0].stop, (std::vector<std::string>{".", "</s>"}));
  EXPECT_EQ(requests[0].max_new_tokens, 3);
}

TEST(requests_for, token_ids_need_no_tokenizer) {
  const auto requests =
      requests_of(R"({"id":1,"type":"loglikelihood","context_ids":[5],"continuation_ids":[6,257]}
{"id":2,"type":"generate_until","context_ids":[7],"max_gen_toks":3})",
                  nullptr);
  EXPECT_EQ(requests[0].context_ids, (Ids{5}));
  EXPECT_EQ(requests[0].continuation_ids, (Ids{6, 257}));
  EXPECT_EQ(requests[1].context_ids, (Ids{7}));
  EXPECT_TRUE(requests[1].stop.empty());
}

TEST(requests_for, what_the_model_cannot_take_is_named_by_its_line) {
  const Tokenizer bytes = Tokenizer::bytes();
  struct Wrong {
    std::string line, said;
    const Tokenizer* tokenizer;
  };
  const std::string seventeen = "abcdefghijklmnopq";
  const Wrong cases[] = {
      {log_likelihood_line(2, "a", ""), "continuation: the continuation \"\" adds no token",
       &bytes},
      {log_likelihood_line(2, "", ""), "continuation: the continuation \"\" adds no token", &bytes},
      {log_likelihood_line(2, "a", seventeen),
       "continuation: expected at most 16 tokens, which the model takes, found 17", &bytes},
      {log_likelihood_line(2, "a", "b"), "context: the target has no tokenizer", nullptr},
      {R"({"id":2,"type":"loglikelihood_rolling","text":"a"})", "text: the target has no tokenizer",
       nullptr},
      {R"({"id":2,"type":"generate_until","context_ids":[1],"until":["."],"max_gen_toks":1})",
       "until: the target has no tokenizer", nullptr},
      {R"({"id":2,"type":"loglikelihood","context_ids":[258],"continuation_ids":[1]})",
       "context_ids: expected tokens below 258, the size of the vocabulary, found 258", &bytes},
      {R"({"id":2,"type":"loglikelihood","context_ids":[1],"continuation_ids":[1,300]})",
       "continuation_ids: expected tokens below 258, the size of the vocabulary, found 300",
       &bytes},
      {R"({"id":2,"type":"loglikelihood_rolling","text_ids":[259]})", "text_ids: expected", &bytes},
      {R"({"id":2,"type":"generate_until","context":"a","max_gen_toks":16})",
       "max_gen_toks: expected less than the 16 tokens that the model takes, found 16", &bytes},
  };
  const std::string good =
      R"({"id":1,"type":"loglikelihood","context_ids":[1],"continuation_ids":[1]})";
  for (const Wrong& wrong : cases) {
    const std::string message =
        message_of<Error>([&] { requests_of(good + "\n" + wrong.line, wrong.tokenizer); });
    EXPECT_TRUE(message.starts_with("f.jsonl:2: " + wrong.said)) << wrong.said << "\n" << message;
  }
  EXPECT_EQ(requests_of(log_likelihood_line(1, "a", seventeen.substr(1)), &bytes).size(), 1U)
      << "as long as the model";
}

TEST(requests_for, a_merge_across_the_join_is_an_error_before_anything_runs) {
  const Tokenizer tokenizer = Tokenizer::load(lm_eval_goldens() / "tokenizer.json");
  const std::string message = message_of<Error>([&] {
    requests_of(log_likelihood_line(1, "the thing", " A") + log_likelihood_line(2, "the th", "ing"),
                &tokenizer, {.vocab = tokenizer.size(), .max_tokens = 100});
  });
  EXPECT_TRUE(
      message.starts_with("f.jsonl:2: continuation: the continuation \"ing\" adds no token"))
      << message;
}

TEST(requests_for, a_context_without_a_token_is_named) {
  const Tokenizer nameless = Tokenizer::parse(
      R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}})", "tiny");
  const auto said = [&](const std::string& line) {
    return message_of<Error>([&] { requests_of(line, &nameless); });
  };
  EXPECT_EQ(said(R"({"id":1,"type":"generate_until","context":"","max_gen_toks":3})"),
            "f.jsonl:1: context: expected at least one token to go on from, found none");
  EXPECT_TRUE(said(log_likelihood_line(1, " ", "a"))
                  .starts_with("f.jsonl:1: context: expected at least one token"));
  EXPECT_NE(said(log_likelihood_line(1, "", "a")).find("f.jsonl:1: the tokenizer names neither"),
            std::string::npos);
}

TEST(requests_for, totals_count_shared_prefixes_once_and_inputs_as_they_are_cut) {
  // Inputs are context + continuation without its last token: 1 2 3 | 1 2 3 | 1 2 4 share 1 2. The
  // fourth, of 20 tokens, is cut to 17 of which 16 are input. The generation runs 3 + 2 tokens.
  const auto requests = requests_of(
      R"({"id":1,"type":"loglikelihood","context_ids":[1,2,3],"continuation_ids":[7]}
{"id":2,"type":"loglikelihood","context_ids":[1,2,3],"continuation_ids":[8]}
{"id":3,"type":"loglikelihood","context_ids":[1,2],"continuation_ids":[4,9]}
{"id":4,"type":"loglikelihood","context_ids":[9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9],"continuation_ids":[5]}
{"id":5,"type":"generate_until","context_ids":[1,2,3],"max_gen_toks":4})",
      nullptr);
  std::vector<Scored> answers(5);
  answers[3].truncated_tokens = 3;
  answers[4].ids = {4, 4, 4};
  const RequestTotals totals = totals_of(requests, answers, kLimits.max_tokens);
  EXPECT_EQ(totals.requests, 5);
  EXPECT_EQ(totals.truncated_requests, 1);
  EXPECT_EQ(totals.input_tokens, 3 + 3 + 3 + 16 + 5);
  EXPECT_EQ(totals.run_tokens, 4 + 16 + 5);
}

}  // namespace
}  // namespace moe
