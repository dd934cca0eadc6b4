// score: everyone's requests, answered in their order as the engine answers each alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using Json = nlohmann::json;

std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
  return lines;
}

/// A mixture that reads bytes and takes 512 tokens.
class Score : public testing::Test {
 protected:
  void SetUp() override { write_tiny_config(folder_.path()); }

  /// Scores these requests, one a line, in r.jsonl.
  Ran score(const std::vector<Json>& requests, std::vector<std::string> options = {},
            double kill_after_s = -1) const {
    std::string text;
    for (const Json& request : requests) text += request.dump() + "\n";
    folder_.write("r.jsonl", text);
    options.insert(options.begin(), {"score", "--target", kTarget, "--requests", "r.jsonl"});
    return moebench(options, folder_.path(), {}, kill_after_s);
  }

  Json inspect(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "inspect");
    arguments.insert(arguments.end(), {"--target", kTarget, "--json"});
    return Json::parse(moebench(arguments, folder_.path()).out);
  }

  static constexpr const char* kTarget = "synthetic:tiny.json@dtype=f32,numerics=fast,threads=1";
  const TemporaryFolder folder_;
};

Json log_likelihood(const Json& id, const std::string& context, const std::string& continuation) {
  return {
      {"id", id}, {"type", "loglikelihood"}, {"context", context}, {"continuation", continuation}};
}

// numerics=fast is invariant: a request has the same bits alone and among others.
TEST_F(Score, answers_in_the_order_of_the_file_what_the_engine_answers_to_each_alone) {
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"One and one is", " two"}, {"One and one is", " three"}, {"Zero", "!"}, {"", "One"},
      {"One and one is ", "two"}, {"One and one", " is two"}};
  std::vector<Json> requests;
  for (const auto& [context, continuation] : pairs)
    requests.push_back(log_likelihood({{"number", requests.size()}}, context, continuation));
  const Ran ran = score(requests);
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::vector<Json> answers = lines_of(ran.out);
  ASSERT_EQ(answers.size(), pairs.size()) << ran.out;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const Json alone =
        inspect({"score", "--context", pairs[i].first, "--continuation", pairs[i].second});
    EXPECT_EQ(answers[i].at("id"), requests[i].at("id"));
    EXPECT_EQ(answers[i].at("log_likelihood"), alone.at("log_likelihood")) << i;
    EXPECT_EQ(answers[i].at("is_greedy"), alone.at("is_greedy"));
    EXPECT_EQ(answers[i].at("context_tokens"), alone.at("context_tokens"));
    EXPECT_EQ(answers[i].at("continuation_tokens"), alone.at("continuation_ids").size());
    EXPECT_EQ(answers[i].at("truncated_tokens"), 0);
  }
  EXPECT_NE(ran.err.find("6 requests, 0 of them cut on the left; "), std::string::npos) << ran.err;
}

TEST_F(Score, takes_all_types_in_one_file) {
  const std::vector<Json> requests = {
      {{"id", "text"}, {"type", "loglikelihood_rolling"}, {"text", "abc"}},
      {{"id", 1}, {"type", "generate_until"}, {"context", "ab"}, {"max_gen_toks", 5}},
      {{"id", nullptr},
       {"type", "loglikelihood"},
       {"context_ids", {256}},
       {"continuation_ids", {256, 'a', 'b', 'c'}}},
      {{"id", ""}, {"type", "loglikelihood_rolling"}, {"text_ids", Json::array()}},
  };
  const Ran ran = score(requests, {"--stats", "stats.json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::vector<Json> answers = lines_of(ran.out);
  ASSERT_EQ(answers.size(), requests.size()) << ran.out;
  for (std::size_t i = 0; i < requests.size(); ++i)
    EXPECT_EQ(answers[i].at("id"), requests[i].at("id"));
  // A rolling text is the prefix, BOS, and the text behind its own BOS.
  EXPECT_EQ(answers[0].at("log_likelihood"), answers[2].at("log_likelihood"));
  EXPECT_EQ(answers[0].at("continuation_tokens"), 4);
  EXPECT_EQ(answers[3].at("log_likelihood"), 0);

  const Json& generated = answers[1];
  const auto ids = generated.at("generated_ids").get<std::vector<int>>();
  ASSERT_FALSE(ids.empty());
  EXPECT_EQ(generated.at("tokens"), ids.size());
  EXPECT_EQ(generated.at("context_tokens"), 3);
  std::string tokens = "256,97,98";
  for (const int id : ids) {
    const Json row = inspect({"logits", "--tokens", tokens}).at("logits").back();
    EXPECT_EQ(std::ranges::max_element(row) - row.begin(), id) << tokens;
    tokens += "," + std::to_string(id);
  }

  const Json stats = Json::parse(text_of(folder_.path() / "stats.json"));
  EXPECT_EQ(stats.at("requests"), 4);
  // Two inputs of 4 tokens, which are the same, and 3 with all that was generated but the last.
  const std::int64_t generation = 3 + std::ssize(ids) - 1;
  EXPECT_EQ(stats.at("input_tokens"), 4 + 4 + generation);
  EXPECT_EQ(stats.at("run_tokens"), 4 + generation);
  EXPECT_EQ(stats.at("truncated_requests"), 0);
}

TEST_F(Score, cuts_what_is_longer_than_the_model_on_the_left_and_says_so) {
  const std::string tail(511, 'b');
  const auto answers = lines_of(score({log_likelihood(1, std::string(600, 'a') + tail, "c"),
                                       log_likelihood(2, std::string(7, 'a') + tail, "c")})
                                    .out);
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].at("context_tokens"), 1 + 600 + 511);
  EXPECT_EQ(answers[0].at("truncated_tokens"), 600);  // of 1,113 the last 513 are kept
  EXPECT_EQ(answers[1].at("truncated_tokens"), 7);
  EXPECT_EQ(answers[0].at("log_likelihood"), answers[1].at("log_likelihood"));
}

TEST_F(Score, refuses_wrong_input_with_code_2_and_leaves_what_was_there) {
  folder_.write("out.jsonl", "old");
  const Ran merged =
      score({log_likelihood(1, "a", "b"), log_likelihood(2, "a", "")}, {"--out", "out.jsonl"});
  EXPECT_EQ(merged.code, 2);
  EXPECT_NE(merged.err.find("r.jsonl:2: continuation: "), std::string::npos) << merged.err;
  EXPECT_EQ(merged.out, "");
  EXPECT_EQ(text_of(folder_.path() / "out.jsonl"), "old");
  EXPECT_EQ(score({log_likelihood(1, "a", "b")}, {"--out", "r.jsonl"}).code, 2);
  EXPECT_EQ(lines_of(text_of(folder_.path() / "r.jsonl")),
            (std::vector{log_likelihood(1, "a", "b")}));
  EXPECT_EQ(score({log_likelihood(1, "a", "b")}, {"--out", "no/such/folder.jsonl"}).code, 2);
  EXPECT_EQ(
      moebench({"score", "--target", kTarget, "--requests", "none.jsonl"}, folder_.path()).code, 2);
}

TEST_F(Score, puts_answers_in_their_place_only_when_all_are_there) {
  folder_.write("out.jsonl", "old");
  std::vector<Json> requests;
  for (int id = 0; id < 2000; ++id) {
    requests.push_back({{"id", id},
                        {"type", "generate_until"},
                        {"context", "a" + std::to_string(id)},
                        {"max_gen_toks", 500}});
  }
  const Ran killed = score(requests, {"--out", "out.jsonl"}, 0.5);
  EXPECT_EQ(killed.code, 128 + 9) << killed.err;  // a million steps of a token take longer
  EXPECT_EQ(text_of(folder_.path() / "out.jsonl"), "old");
  EXPECT_EQ(score({log_likelihood(1, "a", "b")}, {"--out", "out.jsonl"}).code, 0);
  EXPECT_EQ(lines_of(text_of(folder_.path() / "out.jsonl")).at(0).at("id"), 1);
}

}  // namespace
}  // namespace moe
