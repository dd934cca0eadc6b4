// Text as rows of token ids.
#include "lab/batches.h"

#include <gtest/gtest.h>

#include <set>

#include "harness/error.h"

namespace moe {
namespace {

DataSettings small_rows() {
  return {.tokens = 1000, .row_tokens = 20, .rows = 4};
}

std::string document(std::int64_t index) {
  return "number " + std::to_string(index) + ".";
}

/// The rows of a step as text; <s> stands before a document.
std::vector<std::string> rows_of(const Batches& batches, const Tokenizer& tokenizer,
                                 std::int64_t step) {
  const std::vector<TokenId> ids = batches.step(step);
  EXPECT_EQ(ids.size(), 4U * 21U);
  std::vector<std::string> rows;
  for (std::size_t row = 0; row < 4; ++row)
    rows.push_back(tokenizer.decode(std::span(ids).subspan(row * 21, 21), false));
  return rows;
}

TEST(batches, a_row_begins_with_a_document_and_holds_as_many_as_it_can) {
  const Tokenizer tokenizer = Tokenizer::bytes();
  const Batches batches(document, tokenizer, small_rows());
  EXPECT_EQ(rows_of(batches, tokenizer, 1).front(), "<s>number 0.<s>number 1.<s>");
  EXPECT_EQ(rows_of(batches, tokenizer, 1).at(1), "<s>number 21.<s>number 22");
}

TEST(batches, a_step_depends_on_its_number_alone_and_no_document_is_in_two_rows) {
  const Tokenizer tokenizer = Tokenizer::bytes();
  const Batches batches(document, tokenizer, small_rows()),
      others(document, tokenizer, small_rows());
  EXPECT_EQ(others.step(7), batches.step(7));
  std::set<std::string> documents;  // "number 21", in whole
  for (const std::int64_t step : {1, 2, 3, 7}) {
    for (const std::string& row : rows_of(batches, tokenizer, step)) {
      std::size_t at = 0;
      for (std::size_t dot = row.find('.'); dot != std::string::npos; dot = row.find('.', at)) {
        EXPECT_TRUE(documents.insert(row.substr(at, dot - at)).second) << row;
        at = dot + 1;
      }
    }
  }
  EXPECT_GE(documents.size(), 16U);
}

}  // namespace
}  // namespace moe
