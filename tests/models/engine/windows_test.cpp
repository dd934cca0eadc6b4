#include "models/engine/windows.h"

#include <gtest/gtest.h>

#include <numeric>

#include "harness/error.h"
#include "tests/goldens/lm_eval/golden.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using Ids = std::vector<TokenId>;

Ids counted(std::size_t n) {
  Ids ids(n);
  std::iota(ids.begin(), ids.end(), 0);
  return ids;
}

Ids ids_of(std::span<const TokenId> ids) {
  return {ids.begin(), ids.end()};
}

TEST(windows, a_request_that_fits_loses_only_its_last_token) {
  const Ids context = {1, 2, 3}, continuation = {4, 5};
  const Window window = window_of(context, continuation, 10);
  EXPECT_EQ(window.input(), (Ids{1, 2, 3, 4}));
  EXPECT_EQ(ids_of(window.targets), continuation);
  EXPECT_EQ(window.truncated, 0);
}

TEST(windows, the_model_takes_one_token_less_than_context_and_continuation) {
  const Ids context = {1, 2, 3}, continuation = {4, 5};
  EXPECT_EQ(window_of(context, continuation, 4).truncated, 0);
  const Window cut = window_of(context, continuation, 3);
  EXPECT_EQ(cut.input(), (Ids{2, 3, 4}));
  EXPECT_EQ(cut.truncated, 1);
}

TEST(windows, a_long_context_is_cut_on_the_left_whatever_its_length) {
  for (std::size_t context = 1; context < 20; ++context) {
    for (std::size_t scored = 1; scored < 8; ++scored) {
      const Ids all = counted(context + scored);
      const std::span<const TokenId> ids(all);
      const Window window = window_of(ids.first(context), ids.subspan(context), 8);
      const std::size_t kept = std::min<std::size_t>(all.size(), 9);
      EXPECT_EQ(window.input(), Ids(all.end() - static_cast<std::ptrdiff_t>(kept), all.end() - 1));
      EXPECT_EQ(ids_of(window.targets),
                Ids(all.end() - static_cast<std::ptrdiff_t>(scored), all.end()));
      EXPECT_EQ(window.truncated, static_cast<std::int64_t>(all.size() - kept));
    }
  }
}

TEST(windows, a_continuation_as_long_as_the_model_fits_and_a_longer_one_is_an_error) {
  const Ids context = {1, 2}, continuation = counted(8);
  EXPECT_EQ(window_of(context, continuation, 8).input().size(), 8U);
  const std::string message = message_of<Error>([] { window_of(Ids{1}, counted(9), 8); });
  EXPECT_NE(message.find('9'), std::string::npos) << message;
  EXPECT_NE(message.find('8'), std::string::npos) << message;
  EXPECT_THROW(window_of(Ids{}, Ids{1}, 8), Error);
}

TEST(windows, nothing_to_score_is_an_error_since_it_would_never_be_answered) {
  const std::string message = message_of<Error>([] { window_of(Ids{1, 2}, Ids{}, 8); });
  EXPECT_NE(message.find("continuation"), std::string::npos) << message;
}

TEST(windows, of_a_request_are_those_of_its_kind) {
  Request request;
  request.context_ids = Ids{9};
  request.continuation_ids = counted(10);
  request.kind = RequestKind::rolling;
  EXPECT_EQ(windows_of(request, 4).size(), 3U);
  request.kind = RequestKind::log_likelihood;
  EXPECT_EQ(windows_of(request, 10).size(), 1U);
  request.kind = RequestKind::generate;
  EXPECT_THROW(windows_of(request, 10), Error);
}

TEST(windows, rolling_windows_are_lm_evals) {
  const nlohmann::json golden = lm_eval_golden("windows.json");
  ASSERT_GE(golden["cases"].size(), 50U);
  for (const auto& one : golden["cases"]) {
    const TokenId prefix[] = {one["prefix"].get<TokenId>()};
    const Ids ids = one["ids"].get<Ids>();
    const auto windows = rolling_windows(prefix, ids, one["max_tokens"].get<std::int64_t>());
    ASSERT_EQ(windows.size(), one["windows"].size()) << one;
    for (std::size_t w = 0; w < windows.size(); ++w) {
      Ids input = one["windows"][w][0].get<Ids>();
      const Ids targets = one["windows"][w][1].get<Ids>();
      input.insert(input.end(), targets.begin(), targets.end() - 1);
      EXPECT_EQ(windows[w].input(), input) << one;
      EXPECT_EQ(ids_of(windows[w].targets), targets) << one;
    }
  }
}

TEST(windows, rolling_predicts_every_token_once_and_in_order) {
  constexpr TokenId kPrefix[] = {99};
  for (std::size_t n = 0; n < 40; ++n) {
    const Ids text = counted(n);
    Ids predicted;
    for (const Window& window : rolling_windows(kPrefix, text, 7)) {
      EXPECT_LE(window.input().size(), 7U);
      EXPECT_LE(window.targets.size(), window.input().size());
      predicted.insert(predicted.end(), window.targets.begin(), window.targets.end());
    }
    EXPECT_EQ(predicted, counted(n));
  }
}

TEST(windows, llamacpp_scores_the_later_half_of_disjoint_chunks) {
  const auto chunks = llamacpp_chunks(77, counted(21), 8);
  ASSERT_EQ(chunks.size(), 2U);  // the tail of five is dropped
  EXPECT_EQ(chunks[0].context, (Ids{77, 1, 2, 3, 4}));
  EXPECT_EQ(chunks[0].continuation, (Ids{5, 6, 7}));
  EXPECT_EQ(chunks[1].context, (Ids{77, 9, 10, 11, 12}));
  EXPECT_EQ(chunks[1].continuation, (Ids{13, 14, 15}));
  EXPECT_EQ(llamacpp_chunks(77, counted(1024), 512)[1].continuation.size(), 255U);
}

TEST(windows, llamacpp_leaves_the_first_token_where_there_is_no_bos) {
  EXPECT_EQ(llamacpp_chunks(-1, counted(16), 8)[1].context.front(), 8);
}

TEST(windows, llamacpp_needs_two_chunks) {
  EXPECT_NO_THROW(llamacpp_chunks(1, counted(16), 8));
  const std::string message = message_of<Error>([] { llamacpp_chunks(1, counted(15), 8); });
  EXPECT_NE(message.find("15"), std::string::npos) << message;
  EXPECT_NE(message.find("16"), std::string::npos) << message;
  EXPECT_THROW(llamacpp_chunks(1, counted(15), 3), Error);
}

}  // namespace
}  // namespace moe
