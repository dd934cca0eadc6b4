// Events and jobs as lines.
#include "harness/event.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "harness/error.h"

namespace moe {
namespace {

std::vector<Event> one_of_each() {
  return {
      Hello{
          .protocol = kProtocolVersion, .build = "b \"quoted\" \\ \n", .rank = 1, .world_size = 2},
      TargetLoaded{"id", 1.25},
      CaseStarted{"key"},
      Sample{"key", "step_s", "layer.3", 7, 0.1},
      Answer{.case_key = "key",
             .task = "mmlu_anatomy",
             .document = 3,
             .choice = 2,
             .filter = "none",
             .continuation = " A",
             .generated = "é\t\x01",
             .log_likelihood = -1.0 / 3.0,
             .is_greedy = true,
             .context_tokens = 5,
             .continuation_tokens = 6,
             .truncated_tokens = 7,
             .tokens_sha256 = "aa",
             .prompt_sha256 = "bb"},
      Document{"key", "task", 4, "1", R"({"choices":4})"},
      RoutingCount{"key", 1, 2, std::int64_t{1} << 60U},
      Progress{"key", 1, 2, "questions"},
      CaseEnded{"key", {Outcome::timed_out, "no sign of life"}},
      JobEnded{},
      LogLine{"warning", "text"}};
}

TEST(event, comes_back_as_it_was_sent) {
  for (const Event& event : one_of_each()) {
    const std::string line = to_line(event);
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    const Event back = parse_event(line);
    EXPECT_EQ(back.index(), event.index()) << line;
    EXPECT_EQ(to_line(back), line);
  }
  const Event sent = one_of_each()[4];
  const auto back = std::get<Answer>(parse_event(to_line(sent)));
  EXPECT_EQ(back.log_likelihood, -1.0 / 3.0) << "to the last bit";
  EXPECT_EQ(back.generated, "é\t\x01");
  EXPECT_EQ(std::get<RoutingCount>(parse_event(to_line(one_of_each()[6]))).tokens,
            std::int64_t{1} << 60U);
}

TEST(event, no_number_comes_back_as_no_number) {
  for (const double x : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    const Event back = parse_event(to_line(Sample{"key", "m", "", 0, x}));
    EXPECT_TRUE(std::isnan(std::get<Sample>(back).value));
  }
}

TEST(event, bytes_that_are_no_text_are_replaced) {
  const Event back = parse_event(to_line(LogLine{"info", "a\xff\xfe z"}));
  EXPECT_EQ(std::get<LogLine>(back).text, "a\uFFFD\uFFFD z");
}

TEST(event, unknown_fields_are_ignored_and_unknown_events_are_errors) {
  std::string line = to_line(CaseStarted{"key"});
  line.insert(1, "\"later\": {\"a\": 1}, ");
  EXPECT_EQ(std::get<CaseStarted>(parse_event(line)).case_key, "key");
  for (const std::string_view wrong :
       {"{\"event\":\"sung\"}", "{}", "[]", "3", "", "no JSON at all", "{\"event\":\"sample\"}"}) {
    try {
      parse_event(wrong);
      FAIL() << wrong;
    } catch (const Error& error) {
      EXPECT_NE(std::string_view(error.what()).find(wrong), std::string_view::npos) << error.what();
    }
  }
}

TEST(event, a_number_that_is_not_whole_or_does_not_fit_is_an_error) {
  for (const std::string_view index : {"1.5", "true", "1e300", "18446744073709551615", "\"3\""}) {
    const std::string line = fmt::format(
        R"({{"event":"sample","case":"k","metric":"m","scope":"","index":{},"value":1}})", index);
    EXPECT_THROW(parse_event(line), Error) << line;
  }
  EXPECT_THROW(parse_event(R"({"event":"hello","protocol":4294967297,"build":"b"})"), Error);
}

TEST(event, a_hello_of_another_version_is_read_as_far_as_its_version) {
  const Event hello = parse_event(R"({"event":"hello","protocol":7,"build":["a","list"]})");
  EXPECT_EQ(std::get<Hello>(hello).protocol, 7);
}

TEST(job, comes_back_as_it_was_sent) {
  const Job job{.target = "synthetic:x@seed=1",
                .launch = 2,
                .limit = 5,
                .data_root = "/data",
                .timeout_s = 2.5,
                .cases = {{.case_key = "k",
                           .suite_name = "s",
                           .suite_toml = "a = 1\n",
                           .point_json = R"({"batch":8})",
                           .done = {{"t", 3}}}}};
  const Job back = parse_job(to_line(job));
  EXPECT_EQ(to_line(back), to_line(job));
  EXPECT_EQ(back.timeout_s, 2.5);
  ASSERT_EQ(back.cases.size(), 1U);
  EXPECT_EQ(back.cases[0].suite_toml, "a = 1\n");
  EXPECT_EQ(back.cases[0].done.at(0).document, 3);
}

TEST(event, damaged_lines_are_errors_or_events) {
  std::mt19937 random(11);
  int errors = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto events = one_of_each();
    std::string line = to_line(events[random() % events.size()]);
    if (random() % 2 == 0) {
      line.resize(random() % line.size());
    } else {
      char& byte = line[random() % line.size()];
      byte = static_cast<char>(byte ^ (1 << (random() % 8)));
    }
    try {
      parse_event(line);
    } catch (const Error&) {
      ++errors;
    }
  }
  EXPECT_GT(errors, 1000);
}

}  // namespace
}  // namespace moe
