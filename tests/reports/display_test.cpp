#include <gtest/gtest.h>

#include <string>

#include "reports/display.h"
#include "reports/escape.h"
#include "reports/prose_html.h"

namespace moe {
namespace {

std::string shown(const std::string& column, double x, double half = 0) {
  const std::string name(name_of_column(column));
  const Table table{.columns = {column, name + "_low", name + "_high"},
                    .rows = {{x, x - half, x + half}}};
  const auto columns = display_columns(table);
  EXPECT_EQ(columns.size(), 1U) << "bounds are no columns of their own";
  return show_in_text(table.rows[0], columns.at(0));
}

TEST(a_number, has_three_digits) {
  EXPECT_EQ(shown("a", 0.25), "0.250");
  EXPECT_EQ(shown("a", 12.345), "12.3");
  EXPECT_EQ(shown("a", 12345.6), "12,346");
  EXPECT_EQ(shown("a", 0), "0");
  EXPECT_EQ(shown("a", -0.0123), "−0.0123");
  EXPECT_EQ(shown("a", 2.5e-7), "2.5e-07");
}

TEST(a_number, has_the_digits_its_interval_allows) {
  EXPECT_EQ(shown("a", 0.25432, 0.023), "0.254 [0.231, 0.277]");
  EXPECT_EQ(shown("a", 1234.5, 40), "1,234 [1,194, 1,274]");
  EXPECT_EQ(shown("a [%]", 0.25432, 0.023), "25.4 % [23.1, 27.7]");
}

TEST(a_unit, is_shown_as_its_column_says) {
  EXPECT_EQ(shown("a [%]", 0.254), "25.4 %");
  EXPECT_EQ(shown("a [pp]", 0.012, 0.03), "+1.2 pp [−1.8, +4.2]");
  EXPECT_EQ(shown("a [x]", 1.534), "1.53×");
  EXPECT_EQ(shown("a [count]", 6.92e9), "6.92 B");
  EXPECT_EQ(shown("a [B]", 1.234e9), "1.23 GB");
  EXPECT_EQ(shown("a [s]", 0.00123, 0.00003), "1.230 ms [1.200, 1.260]");
  EXPECT_EQ(shown("a [tokens/s]", 123.4), "123 tokens/s");
  EXPECT_EQ(shown("a [B]", 999.9), "1.00 kB");
  EXPECT_EQ(shown("a [B]", 12), "12.0 B");
}

TEST(a_unit, may_stand_in_the_row) {
  const Table table{.columns = {"a [+=unit]", "unit"},
                    .rows = {{0.0012, "s"}, {0.5, "1"}, {120.0, "1/s"}}};
  const auto columns = display_columns(table);
  ASSERT_EQ(columns.size(), 1U);
  EXPECT_EQ(heading(columns[0]), "a");
  EXPECT_EQ(show_in_text(table.rows[0], columns[0]), "+1.20 ms");
  EXPECT_EQ(show_in_text(table.rows[1], columns[0]), "+0.500");
  EXPECT_EQ(show_in_text(table.rows[2], columns[0]), "+120 /s");
}

TEST(a_null, is_a_dash) {
  const Table table{.columns = {"a [%]"}, .rows = {{nullptr}}};
  EXPECT_EQ(show_in_text(table.rows[0], display_columns(table).at(0)), "–");
}

TEST(a_heading, has_the_unit_that_cells_do_not_carry) {
  const Table table{.columns = {"a [%]", "b [B]", "c"}, .rows = {}};
  const auto columns = display_columns(table);
  EXPECT_EQ(heading(columns.at(0)), "a, %");
  EXPECT_EQ(heading(columns.at(1)), "b");
  EXPECT_EQ(heading(columns.at(2)), "c");
}

TEST(escaping, leaves_no_element_in_html) {
  EXPECT_EQ(escape_html("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
}

TEST(escaping, leaves_no_end_of_script_in_json) {
  const std::string out = escape_script(R"({"a":"</script><!--"})");
  EXPECT_EQ(out.find('<'), std::string::npos);
}

TEST(escaping, keeps_names_readable_in_markdown) {
  EXPECT_EQ(escape_markdown("mmlu_anatomy"), "mmlu_anatomy");
  EXPECT_EQ(escape_markdown("_a_|b\nc*"), "\\_a\\_\\|b c\\*");
}

TEST(escaping, quotes_what_csv_would_split) {
  EXPECT_EQ(escape_csv("plain"), "plain");
  EXPECT_EQ(escape_csv("a,\"b\""), "\"a,\"\"b\"\"\"");
}

TEST(prose, becomes_html) {
  EXPECT_EQ(prose_html("## A *b*\n\nOne **two**\n`<3`.\n\n- x\n- y\n\n1. n\n"),
            "<h2>A <em>b</em></h2>\n<p>One <strong>two</strong>\n<code>&lt;3</code>.</p>\n"
            "<ul>\n<li>x</li>\n<li>y</li>\n</ul>\n<ol>\n<li>n</li>\n</ol>\n");
  EXPECT_EQ(inline_html("[a](https://b.c) [d](javascript:e)"),
            "<a href=\"https://b.c\">a</a> [d](javascript:e)");
}

TEST(prose, has_headings_of_six_levels_and_empty_ones) {
  EXPECT_EQ(prose_html("#\n"), "<h1></h1>\n");
  EXPECT_EQ(prose_html("###### a\n"), "<h6>a</h6>\n");
  EXPECT_EQ(prose_html("#######\n"), "<p>#######</p>\n");
  EXPECT_EQ(prose_html("#a\n"), "<p>#a</p>\n");
}

TEST(prose, begins_a_link_at_its_own_bracket) {
  EXPECT_EQ(inline_html("[1, 2] and [x](https://y)"), "[1, 2] and <a href=\"https://y\">x</a>");
  EXPECT_EQ(inline_html("[[1]](https://y)"), "<a href=\"https://y\">[1]</a>");
}

TEST(escaping, is_undone_where_text_is_wanted) {
  const std::string hostile = "<b>|*`[a](https://x)\\_ & # !";
  EXPECT_EQ(unescape_markdown(escape_markdown(hostile)), hostile);
}

TEST(prose, gives_back_what_was_escaped) {
  const std::string hostile = "<b>|*`[a](https://x)\\_ & # !";
  EXPECT_EQ(inline_html(escape_markdown(hostile)), escape_html(hostile));
}

}  // namespace
}  // namespace moe
