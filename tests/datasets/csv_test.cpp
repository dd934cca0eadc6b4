#include "datasets/csv.h"

#include <gtest/gtest.h>

#include "harness/error.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using Fields = std::vector<std::string>;

std::vector<Fields> fields_of(std::string_view text) {
  std::vector<Fields> out;
  for (const CsvRecord& record : parse_csv(text, "a.csv")) out.push_back(record.fields);
  return out;
}

TEST(csv, reads_plain_and_quoted_fields) {
  EXPECT_EQ(fields_of("a,b\nc,\"d, e\"\n"), (std::vector<Fields>{{"a", "b"}, {"c", "d, e"}}));
}

TEST(csv, keeps_quotes_and_newlines_inside_quotes) {
  EXPECT_EQ(fields_of("\"say \"\"hi\"\"\",\"two\nlines\"\r\n"),
            (std::vector<Fields>{{"say \"hi\"", "two\nlines"}}));
  EXPECT_EQ(fields_of("\"\"\"\",\"\""), (std::vector<Fields>{{"\"", ""}}));
}

TEST(csv, keeps_empty_fields_and_blanks) {
  EXPECT_EQ(fields_of(",, a ,\n"), (std::vector<Fields>{{"", "", " a ", ""}}));
  EXPECT_EQ(fields_of("a,"), (std::vector<Fields>{{"a", ""}}));
  EXPECT_TRUE(fields_of("").empty());
}

TEST(csv, takes_every_line_end_and_none_at_the_end) {
  const std::vector<Fields> wanted = {{"a", "b"}, {"c", "d"}};
  for (const char* text : {"a,b\nc,d", "a,b\r\nc,d\r\n", "a,b\rc,d\r", "a,b\nc,d\n"})
    EXPECT_EQ(fields_of(text), wanted) << text;
}

TEST(csv, counts_lines_inside_quotes) {
  const auto records = parse_csv("\"a\nb\nc\",d\ne,f\n", "a.csv");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].line, 1);
  EXPECT_EQ(records[1].line, 4);
}

TEST(csv, names_file_and_line_of_what_is_broken) {
  const auto failure = [](std::string_view text) {
    return message_of<Error>([&] { parse_csv(text, "a.csv"); });
  };
  EXPECT_NE(failure("a\n\"b").find("a.csv, line 2"), std::string::npos);
  EXPECT_NE(failure("a\nb\"c\n").find("a.csv, line 2"), std::string::npos);
  EXPECT_NE(failure("\"a\"b\n").find("a.csv, line 1"), std::string::npos);
}

}  // namespace
}  // namespace moe
