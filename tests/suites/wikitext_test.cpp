#include "suites/wikitext.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "datasets/dataset.h"
#include "harness/sha256.h"
#include "tests/goldens/lm_eval/golden.h"

namespace moe {
namespace {

TEST(wikitext, strings_are_detokenised_and_counted_as_lm_eval_does) {
  const nlohmann::json golden = lm_eval_golden("wikitext.json");
  ASSERT_GE(golden["strings"].size(), 200U);
  for (const auto& one : golden["strings"]) {
    const std::string text = one["text"];
    EXPECT_EQ(wikitext_detokenized(text), one["detokenized"].get<std::string>()) << one;
    EXPECT_EQ(words_of(text), one["words"].get<std::int64_t>()) << one;
    EXPECT_EQ(text.size(), one["bytes"].get<std::size_t>()) << one;
  }
}

// The pages are cut by our rule, which the golden's script shares: that there are as many as
// lm-eval names (62) speaks for it, no more. What is done to a page is lm-eval's own code.
TEST(wikitext, the_62_test_pages_are_detokenised_and_counted_as_lm_eval_does) {
  const char* data = std::getenv("MOEBENCH_DATA");
  if (data == nullptr) GTEST_SKIP() << "MOEBENCH_DATA is not set";
  const nlohmann::json golden = lm_eval_golden("wikitext.json")["pages"];
  const auto pages = load(find_dataset("wikitext2"), "", "test", data);
  ASSERT_EQ(pages.size(), golden.size());
  ASSERT_EQ(pages.size(), 62U);
  for (std::size_t i = 0; i < pages.size(); ++i) {
    EXPECT_EQ(words_of(pages[i].question), golden[i]["words"].get<std::int64_t>()) << i;
    EXPECT_EQ(pages[i].question.size(), golden[i]["bytes"].get<std::size_t>()) << i;
    EXPECT_EQ(sha256_hex(wikitext_detokenized(pages[i].question)),
              golden[i]["sha256"].get<std::string>())
        << i;
  }
}

}  // namespace
}  // namespace moe
