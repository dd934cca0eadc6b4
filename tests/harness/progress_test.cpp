// What a run says of itself while it runs.
#include "harness/progress.h"

#include <stdio.h>
#include <gtest/gtest.h>

#include <string>

namespace moe {
namespace {

/// A bar that writes into memory, with a clock of the test's own.
struct Screen {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  double now = 100;

  ProgressBar bar(bool live, int columns = 120) {
    return {out, live, columns, [this] { return now; }};
  }
  std::string written() {
    std::fflush(out);
    return {text, size};
  }
  Screen() = default;
  ~Screen() {
    std::fclose(out);
    free(text);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(progress, says_what_is_done_how_fast_and_how_long_it_takes) {
  Screen screen;
  ProgressBar bar = screen.bar(true);
  bar.begin_case("mmlu on demo-moe", 2, 7);
  bar.update(0, 1000, "questions");
  EXPECT_FALSE(has(bar.line(), "left")) << "no rate from one reading";
  screen.now += 10;
  bar.update(100, 1000, "questions");
  EXPECT_TRUE(bar.line().starts_with("[2/7] mmlu on demo-moe")) << bar.line();
  EXPECT_TRUE(has(bar.line(), "10 %")) << bar.line();
  EXPECT_TRUE(has(bar.line(), "100 of 1000 questions, 10/s, 1 min 30 s left")) << bar.line();
}

TEST(progress, what_a_resumed_case_had_done_before_is_no_speed) {
  Screen screen;
  ProgressBar bar = screen.bar(true);
  bar.begin_case("mmlu", 1, 1);
  bar.update(900, 1000, "questions");
  screen.now += 10;
  bar.update(910, 1000, "questions");
  EXPECT_TRUE(has(bar.line(), "1/s, 1 min 30 s left")) << bar.line();
}

TEST(progress, a_terminal_is_never_written_beyond_its_width) {
  Screen screen;
  ProgressBar bar = screen.bar(true, 30);
  bar.begin_case("ein sehr langer Name für einen Fall, länger als die Zeile", 1, 1);
  bar.update(1, 2, "x");
  std::string text = screen.written();
  const std::size_t last = text.rfind("\x1b[K");
  if (last != std::string::npos) text = text.substr(last + 3);
  std::size_t points = 0;
  for (const char c : text) points += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  EXPECT_LE(points, 30U) << text;
}

TEST(progress, a_log_gets_plain_lines_and_few_of_them) {
  Screen screen;
  {
    ProgressBar bar = screen.bar(false);
    bar.begin_case("decode", 1, 2);
    for (int i = 0; i <= 1000; ++i) {
      bar.update(i, 1000, "samples");
      screen.now += 0.03;
    }
    bar.end_case("ok");
    bar.say("warning: noisy");
  }
  const std::string text = screen.written();
  EXPECT_FALSE(has(text, "\x1b")) << text;
  EXPECT_FALSE(has(text, "\r")) << text;
  const auto lines = std::count(text.begin(), text.end(), '\n');
  EXPECT_GE(lines, 3) << text;
  EXPECT_LE(lines, 6) << "30 s: one a 10 s, and two at the end\n" << text;
  EXPECT_TRUE(has(text, "[1/2] decode: ok, 31 s\n")) << text;
  EXPECT_TRUE(text.ends_with("warning: noisy\n")) << text;
}

TEST(progress, nothing_of_the_bar_is_left_behind) {
  Screen screen;
  {
    ProgressBar bar = screen.bar(true);
    bar.begin_case("decode", 1, 1);
    bar.update(1, 2, "samples");
  }
  EXPECT_TRUE(screen.written().ends_with("\r\x1b[K"));
}

}  // namespace
}  // namespace moe
