#include "models/engine/request_lines.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using Ids = std::vector<TokenId>;
using Json = nlohmann::json;

constexpr const char* kGood =
    R"({"id":1,"type":"loglikelihood","context":"a","continuation":" b"})";

std::string message_for(const std::string& line) {
  return message_of<Error>([&] { read_request_lines(line, "f.jsonl"); });
}

TEST(request_lines, of_every_type_are_read_in_their_order) {
  const auto lines = read_request_lines(
      R"({"id": "x", "type": "loglikelihood", "context": "one", "continuation": " two"}
{"id": 2, "type": "loglikelihood_rolling", "text": "three"}
{"id": null, "type": "generate_until", "context": "four", "until": [".", "\n"], "max_gen_toks": 9}
{"id": [3], "type": "loglikelihood", "context_ids": [5, 6], "continuation_ids": [7]}
{"id": {"a": 1}, "type": "loglikelihood_rolling", "text_ids": []}
{"id": 2.5, "type": "generate_until", "context_ids": [8]})",
      "f.jsonl");
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[0].id, "\"x\"");
  EXPECT_EQ(lines[0].request.kind, RequestKind::log_likelihood);
  EXPECT_EQ(lines[0].request.context, "one");
  EXPECT_EQ(lines[0].request.continuation, " two");
  EXPECT_EQ(lines[1].request.kind, RequestKind::rolling);
  EXPECT_EQ(lines[1].request.continuation, "three");
  EXPECT_EQ(lines[2].request.kind, RequestKind::generate);
  EXPECT_EQ(lines[2].request.stop, (std::vector<std::string>{".", "\n"}));
  EXPECT_EQ(lines[2].request.max_new_tokens, 9);
  EXPECT_FALSE(lines[2].has_ids);
  EXPECT_TRUE(lines[3].has_ids);
  EXPECT_EQ(lines[3].request.context_ids, (Ids{5, 6}));
  EXPECT_EQ(lines[3].request.continuation_ids, (Ids{7}));
  EXPECT_TRUE(lines[4].has_ids);
  EXPECT_TRUE(lines[5].request.stop.empty());
  EXPECT_EQ(lines[5].request.max_new_tokens, kGeneratedTokens);
  EXPECT_EQ(lines[5].line, 6);
}

TEST(request_lines, end_as_windows_and_other_editors_end_them) {
  const std::string line = kGood;
  for (const char* end : {"", "\n", "\r\n"})
    EXPECT_EQ(read_request_lines(line + end, "f").size(), 1U) << Json(end);
}

TEST(request_lines, that_are_wrong_are_named_with_key_expected_and_found) {
  const std::string too_deep(100, '[');
  const std::pair<std::string, std::string> cases[] = {
      {"", ":2: expected a JSON object, found none"},
      {"{\"id\":2", ":2: expected a JSON object, found none: parse error at line 1, column"},
      {"[1]", ":2: expected a JSON object, found [1]"},
      {"\"\xff\"", ":2: expected UTF-8, found other bytes"},
      {"{\"id\":" + too_deep, ":2: "},
      {R"({"id":2,"id":3,"type":"generate_until","context":"a"})", ":2: key \"id\" stands twice"},
      {R"({"type":"generate_until","context":"a"})", ":2: id: expected a JSON value, found no"},
      {R"({"id":2})", ":2: type: expected loglikelihood, loglikelihood_rolling or generate_until"},
      {R"({"id":2,"type":"logprob"})", "generate_until, found \"logprob\""},
      {R"({"id":2,"type":"loglikelihood","context":"a"})",
       ":2: continuation: expected text, found"},
      {R"({"id":2,"type":"loglikelihood","context":7,"continuation":"a"})",
       ":2: context: expected text, found 7"},
      {R"({"id":2,"type":"loglikelihood","context":"a","continuation":"b","contxt":"c"})",
       ":2: unknown key \"contxt\"; expected id, type, context, continuation, context_ids"},
      {R"({"id":2,"type":"loglikelihood","context":"a","continuation_ids":[1]})",
       ":2: continuation_ids: expected texts or token ids, found both"},
      {R"({"id":2,"type":"loglikelihood","context_ids":[1],"continuation_ids":[]})",
       ":2: continuation_ids: expected at least one token id, found []"},
      {R"({"id":2,"type":"loglikelihood","context_ids":[1,-1],"continuation_ids":[1]})",
       ":2: context_ids: expected a list of token ids, found [1,-1]"},
      {R"({"id":2,"type":"loglikelihood","context_ids":[1],"continuation_ids":[1.5]})",
       ":2: continuation_ids: expected a list of token ids, found [1.5]"},
      {R"({"id":2,"type":"loglikelihood","context_ids":[4294967297],"continuation_ids":[1]})",
       ":2: context_ids: expected a list of token ids, found [4294967297]"},
      {R"({"id":2,"type":"loglikelihood_rolling","context":"a"})", ":2: unknown key \"context\""},
      {R"({"id":2,"type":"loglikelihood_rolling"})", ":2: text: expected text, found no such key"},
      {R"({"id":2,"type":"generate_until","context":"a","until":"."})",
       ":2: until: expected a list of texts, found \".\""},
      {R"({"id":2,"type":"generate_until","context":"a","max_gen_toks":0})",
       ":2: max_gen_toks: expected a whole number above 0, found 0"},
      {R"({"id":2,"type":"generate_until","context":"a","max_gen_toks":1.5})", "found 1.5"},
      {R"({"id":1,"type":"generate_until","context":"a"})",
       ":2: id: expected one that no other line has, found 1 of line 1"},
  };
  for (const auto& [line, said] : cases) {
    const std::string message = message_for(std::string(kGood) + "\n" + line + "\n" + kGood);
    EXPECT_TRUE(message.starts_with("f.jsonl:2: ")) << message;
    EXPECT_NE(message.find(said), std::string::npos) << said << "\n" << message;
  }
  EXPECT_EQ(message_for(""), "f.jsonl: expected one request a line, found an empty file");
}

TEST(request_lines, that_are_broken_anywhere_are_errors_and_nothing_else) {
  const std::string whole =
      std::string(kGood) +
      "\n{\"id\":[2,{\"a\":\"\\u00e9\"}],\"type\":\"generate_until\",\"context_ids\":[1,2],"
      "\"until\":[\"\xc3\xa9\"],\"max_gen_toks\":3}\n";
  std::mt19937_64 random(1);
  std::int64_t refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text = whole;
    for (std::uint64_t edits = 1 + random() % 3; edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      const std::string bytes = {"{}[]\",:\\0e-\n\xff\xc3", 14};
      if (random() % 2 == 0) {
        text[at] = bytes[random() % bytes.size()];
      } else {
        text.erase(at, 1 + random() % 8);
        if (text.empty()) text = "{";
      }
    }
    try {
      for (const RequestLine& line : read_request_lines(text, "f"))
        EXPECT_TRUE(Json::accept(line.id)) << line.id;
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(request_lines, are_answered_with_their_ids) {
  const RequestLine line{.line = 3, .id = R"({"a":[1,"é"]})", .request = {}};
  Request request;
  request.context_ids = Ids{1, 2, 3};
  request.continuation_ids = {4};
  Scored answer;
  answer.log_likelihood = -0.1;
  answer.is_greedy = true;
  answer.truncated_tokens = 2;
  EXPECT_EQ(answer_line(line, request, answer, true),
            R"({"id":{"a":[1,"é"]},"log_likelihood":-0.1,"is_greedy":true,"context_tokens":3,)"
            R"("continuation_tokens":1,"truncated_tokens":2})");
  request.kind = RequestKind::generate;
  answer.text = "x\ny";
  answer.ids = {7, 8};
  EXPECT_EQ(answer_line(line, request, answer, true),
            R"({"id":{"a":[1,"é"]},"generated":"x\ny","generated_ids":[7,8],"tokens":2,)"
            R"("context_tokens":3,"truncated_tokens":2})");
  EXPECT_EQ(Json::parse(answer_line(line, request, answer, false)).at("generated"), nullptr);
}

TEST(request_lines, whose_log_likelihood_is_no_number_are_not_answered) {
  const RequestLine line{.line = 3, .id = "1", .request = {}};
  for (const double wrong :
       {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity()}) {
    Scored answer;
    answer.log_likelihood = wrong;
    EXPECT_THROW(answer_line(line, {}, answer, true), Error) << wrong;
  }
}

}  // namespace
}  // namespace moe
