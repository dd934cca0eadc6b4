#include "models/engine/encode.h"

#include <gtest/gtest.h>

#include "harness/error.h"
#include "models/tokenizer/tokenizer.h"
#include "tests/goldens/lm_eval/golden.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using Ids = std::vector<TokenId>;

/// A byte-level BPE whose template puts a BOS in front, as Llama 3's does.
Tokenizer golden_tokenizer() {
  return Tokenizer::load(lm_eval_goldens() / "tokenizer.json");
}

TEST(encode, splits_context_and_continuation_as_lm_eval_does) {
  const Tokenizer tokenizer = golden_tokenizer();
  const nlohmann::json golden = lm_eval_golden("encode.json");
  ASSERT_GE(golden["cases"].size(), 15U);
  for (const auto& one : golden["cases"]) {
    const std::string context = one["context"], continuation = one["continuation"];
    const auto [context_ids, continuation_ids] = encode_pair(tokenizer, context, continuation);
    EXPECT_EQ(context_ids, one["context_ids"].get<Ids>()) << one;
    EXPECT_EQ(continuation_ids, one["continuation_ids"].get<Ids>()) << one;
  }
}

TEST(encode, a_request_keeps_its_text_and_its_ids) {
  const Request request = log_likelihood_request(Tokenizer::bytes(), "ab ", "c");
  EXPECT_EQ(request.kind, RequestKind::log_likelihood);
  EXPECT_EQ(request.context, "ab ");
  EXPECT_EQ(request.continuation, "c");
  EXPECT_EQ(request.context_ids, (Ids{256, 'a', 'b'}));
  EXPECT_EQ(request.continuation_ids, (Ids{' ', 'c'}));
}

TEST(encode, several_continuations_of_a_context_are_encoded_as_each_alone) {
  const Tokenizer golden = golden_tokenizer(), bytes = Tokenizer::bytes();
  for (const Tokenizer* tokenizer : {&golden, &bytes}) {
    for (const char* context : {"", "the thing", "the th", "<s>is it? ", "is \n\t ", " "}) {
      const std::vector<std::string> continuations = {" A", "yes", " the thing", "<s>x", "\n"};
      const EncodedContext encoded(GrowingText(*tokenizer, ""), context);
      for (const std::string& continuation : continuations) {
        const auto [context_ids, ids] = encode_pair(*tokenizer, context, continuation);
        const Request request = encoded.request(continuation);
        EXPECT_EQ(request.context, context);
        EXPECT_EQ(request.continuation, continuation);
        EXPECT_EQ(request.context_ids, context_ids);
        EXPECT_TRUE(request.context_ids.is(encoded.ids()));
        EXPECT_EQ(request.continuation_ids, ids);
      }
    }
  }
}

TEST(encode, an_empty_context_is_the_prefix_token) {
  const Tokenizer bytes = Tokenizer::bytes();
  EXPECT_EQ(prefix_token(bytes), 256);
  const auto [context, continuation] = encode_pair(bytes, "", "c");
  EXPECT_EQ(context, (Ids{256}));
  EXPECT_EQ(continuation, (Ids{'c'}));
}

TEST(encode, a_rolling_text_carries_the_tokenizers_own_bos_behind_the_prefix) {
  const Tokenizer tokenizer = golden_tokenizer();
  const Request request = rolling_request(tokenizer, "yes");
  EXPECT_EQ(request.context_ids, (Ids{0}));
  EXPECT_EQ(request.continuation_ids, tokenizer.encode("yes"));
  EXPECT_EQ(request.continuation_ids.front(), 0);
}

TEST(encode, a_rolling_text_that_begins_with_bos_gets_no_second_one) {
  const Tokenizer tokenizer = golden_tokenizer();
  const Ids ids = rolling_request(tokenizer, "<s>yes").continuation_ids;
  EXPECT_EQ(ids, tokenizer.encode("yes"));
}

TEST(encode, nothing_to_score_is_an_error_that_shows_the_texts) {
  const Tokenizer tokenizer = golden_tokenizer();
  const std::string merged =
      message_of<Error>([&] { log_likelihood_request(tokenizer, "the th", "ing"); });
  EXPECT_NE(merged.find("\"ing\""), std::string::npos) << merged;
  EXPECT_NE(merged.find("the th"), std::string::npos) << merged;
  EXPECT_THROW(log_likelihood_request(Tokenizer::bytes(), "a", ""), Error);
  EXPECT_THROW(log_likelihood_request(Tokenizer::bytes(), "", ""), Error);
}

TEST(encode, a_tokenizer_without_bos_and_eos_cannot_score_a_text_without_context) {
  const Tokenizer nameless = Tokenizer::parse(
      R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}})", "tiny");
  const std::string message = message_of<Error>([&] { log_likelihood_request(nameless, "", "a"); });
  EXPECT_NE(message.find("neither a BOS nor an EOS"), std::string::npos) << message;
  EXPECT_EQ(log_likelihood_request(nameless, "a", "b").continuation_ids, (Ids{1}));
}

TEST(encode, white_space_is_pythons) {
  EXPECT_EQ(trailing_white_space("a \t\n\v\f\r\x1c\x1f"), 8U);
  EXPECT_EQ(trailing_white_space("a\xc2\xa0\xe3\x80\x80\xe2\x80\xa8"), 8U);
  EXPECT_EQ(trailing_white_space("a\xe2\x80\x8b"), 0U);  // U+200B is no white space
  EXPECT_EQ(leading_white_space("\xe1\x9a\x80\xc2\x85 a "), 6U);
  EXPECT_EQ(trailing_white_space(" "), 1U);
  EXPECT_EQ(leading_white_space(""), 0U);
}

}  // namespace
}  // namespace moe
