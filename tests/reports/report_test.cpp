#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "harness/error.h"
#include "reports/article.h"
#include "reports/report.h"
#include "tests/reports/fixture.h"

namespace moe::testing {
namespace {

const std::string kHead = "---\ntitle: T\nparameter who: a name\n---\n";

std::string error_of(const std::string& text,
                     const std::vector<Parameter>& parameters = {{"who", "x"}}) {
  const TemporaryStore temporary;
  try {
    build_article(parse_report("mine", text), temporary.store(), parameters);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string prose_of(const std::string& body, const std::string& who = "x") {
  const TemporaryStore temporary;
  const Article article =
      build_article(parse_report("mine", kHead + body), temporary.store(), {{"who", who}});
  std::string text;
  for (const auto& block : article.blocks) {
    if (const auto* prose = std::get_if<Prose>(&block)) text += prose->markdown;
  }
  return text;
}

void expect_says(const std::string& message, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    EXPECT_NE(message.find(part), std::string::npos) << "no '" << part << "' in: " << message;
  }
}

TEST(report, names_the_line_of_an_unknown_parameter) {
  expect_says(error_of(kHead + "fine\n\n```sql table A\n-- else: none\nSELECT 1\n```\n{{whom}}\n"),
              {"mine", "line 11", "whom"});
}

TEST(report, names_the_line_of_a_query_that_fails) {
  expect_says(
      error_of(kHead + "fine\n```sql table A\n-- else: none\nSELECT nonsense FROM run\n```\n"),
      {"mine", "line 6", "nonsense"});
}

TEST(report, names_the_line_of_an_unknown_use) {
  expect_says(error_of(kHead + "```sql tabel A\nSELECT 1\n```\n"), {"line 5", "tabel", "chart"});
}

TEST(report, names_the_line_of_a_fence_that_is_never_closed) {
  expect_says(error_of(kHead + "```sql table A\n-- else: none\nSELECT 1\n"),
              {"line 5", "never closed"});
}

TEST(report, must_say_what_stands_where_there_are_no_rows) {
  expect_says(error_of(kHead + "```sql table A\nSELECT 1\n```\n"), {"mine", "else"});
}

TEST(report, names_an_unknown_column_of_a_sentence_and_those_there_are) {
  expect_says(error_of(kHead + "```sql text\n-- say: {b}\n-- else: none\nSELECT 1 AS a\n```\n"),
              {"line 5", "{b}", "returns a"});
}

TEST(report, names_an_unknown_column_of_a_chart) {
  expect_says(
      error_of(kHead +
               "```sql chart C\n-- chart: line x=a y=z\n-- else: none\nSELECT 1 AS a\n```\n"),
      {"line 5", "'z'", "returns a"});
}

TEST(report, names_what_a_chart_does_not_know) {
  const auto error_with = [](const std::string& words) {
    return error_of(kHead + "```sql chart C\n-- chart: " + words +
                    "\n-- else: none\nSELECT 1 AS a\n```\n");
  };
  expect_says(error_with("pie x=a y=a"), {"line 5", "'pie'", "line, dot, bar and heat"});
  expect_says(error_with("line x=a y=a size=a"), {"line 5", "'size=a'"});
  expect_says(error_with("line x=a y=a yscale=sqrt"), {"line 5", "'sqrt'", "zero, fit and log"});
  expect_says(error_with("line x=a"), {"line 5", "y="});
  expect_says(error_with("heat x=a y=a"), {"line 5", "color="});
}

TEST(report, says_which_parameter_is_missing_and_what_it_means) {
  expect_says(error_of(kHead + "x\n", {}), {"mine", "who", "a name"});
}

TEST(report, refuses_a_parameter_it_does_not_know) {
  expect_says(error_of(kHead + "x\n", {{"who", "x"}, {"what", "y"}}), {"what", "who"});
}

TEST(report, lists_the_values_a_parameter_may_take) {
  const TemporaryStore temporary;
  fill(temporary.store());
  try {
    build_article(find_report("pair"), temporary.store(), {{"moe", "typo"}, {"dense", kDense}});
    FAIL() << "no error";
  } catch (const Error& error) {
    expect_says(error.what(), {"pair", "typo", kMixture, kDense});
  }
}

TEST(report, says_how_many_questions_a_run_asked) {
  const TemporaryStore temporary;
  fill(temporary.store());
  const auto said = [&](std::int64_t run) {
    const Article article = build_article(find_report("run"), temporary.store(), {{"run", run}});
    return std::get<Prose>(article.blocks.at(0)).markdown;
  };
  expect_says(said(1), {"180 questions and 62 texts were scored", "at most 20 of each subject"});
  EXPECT_EQ(said(2).find("question"), std::string::npos) << "speed alone asks none";
}

/// The table of `report run` for run 1 whose caption begins so.
Table table_of_run(const Store& store, std::string_view caption) {
  const Article article = build_article(find_report("run"), store, {{"run", 1}});
  const auto found = std::ranges::find_if(article.blocks, [&](const auto& block) {
    const auto* exhibit = std::get_if<Exhibit>(&block);
    return exhibit != nullptr && exhibit->caption.starts_with(caption);
  });
  EXPECT_NE(found, article.blocks.end());
  return found == article.blocks.end() ? Table{} : std::get<Exhibit>(*found).table;
}

Table beside_ceilings(const Store& store) {
  return table_of_run(store, "Steps beside");
}

TEST(report, of_a_run_says_what_is_known_of_its_environment) {
  const TemporaryStore temporary;
  fill(temporary.store());
  temporary.store().query(
      R"(UPDATE environment SET facts = '{"cpu_flags": ["fma", "avx2"], "caches": {"L1": "32K", "L2": "1M"},
         "governor": "", "openmp_waiting": "GOMP_SPINCOUNT=10000", "virtual_machine": true}')");
  std::string text;
  for (const auto& row : table_of_run(temporary.store(), "What else").rows)
    text += to_text(row.at(0)) + "=" + to_text(row.at(1)) + ";";
  EXPECT_EQ(text,
            "cpu flags=fma avx2;caches=L1 32K, L2 1M;openmp waiting=GOMP_SPINCOUNT=10000;virtual "
            "machine=yes;");
}

TEST(report, of_a_run_shows_letters_and_errors_apart_from_the_accuracies) {
  const TemporaryStore temporary;
  fill(temporary.store());
  const Table letters = table_of_run(temporary.store(), "How sure");
  ASSERT_EQ(letters.rows.size(), 2U) << "of each model's one suite of questions";
  const auto column = std::ranges::find(letters.columns, "answered / right [%]");
  ASSERT_NE(column, letters.columns.end());
  EXPECT_EQ(to_text(letters.rows[0].at(static_cast<std::size_t>(column - letters.columns.begin()))),
            "A 75 / 100, B 25 / 0, C 0 / 0, D 0 / 0");
  for (const std::string_view caption : {"Each case", "Values of parts"}) {
    const Table table = table_of_run(temporary.store(), caption);
    EXPECT_FALSE(table.rows.empty());
    for (const auto& row : table.rows) {
      for (const Cell& cell : row) {
        const std::string text = to_text(cell);
        EXPECT_FALSE(text == "ece" || text == "answer_share" || text == "acc_stderr_clustered");
      }
    }
  }
}

TEST(report, states_shares_of_the_machines_newest_ceilings_on_the_processor_alone) {
  const TemporaryStore temporary;
  fill(temporary.store());
  const Table table = beside_ceilings(temporary.store());
  EXPECT_EQ(table.rows.size(), 6U) << "of the mixture alone: the dense model ran elsewhere";
  for (const std::string_view name : {"of reading [%]", "of multiplying [%]"}) {
    const auto column = std::ranges::find(table.columns, name) - table.columns.begin();
    for (const auto& row : table.rows)
      EXPECT_NEAR(std::get<double>(row.at(static_cast<std::size_t>(column))), 0.25, 1e-12);
    const std::string_view base = name.substr(0, name.find(" ["));  // the interval's columns
    EXPECT_TRUE(std::ranges::count(table.columns, fmt::format("{}_low", base)) == 1) << name;
    EXPECT_TRUE(std::ranges::count(table.columns, fmt::format("{}_high", base)) == 1) << name;
  }
}

TEST(report, finds_the_ceilings_of_the_same_processor_in_another_environment) {
  struct Change {
    const char* what;
    bool is_found;
  };
  for (const auto& [change, is_found] :
       {Change{R"(facts = '{"openmp_waiting": "GOMP_SPINCOUNT=1"}')", true},
        Change{"memory_bytes = 1, os = 'Debian 13'", true},
        Change{R"(facts = '{"instructions_limit": "AVX2"}')", false},
        Change{R"(facts = '{"cpu_flags": ["avx2"]}')", false}, Change{"cores = 1", false},
        Change{"cpu = 'Xeon 8580'", false}, Change{"host = 'bench-2'", false}}) {
    const TemporaryStore temporary;
    const Store& store = temporary.store();
    fill(store);
    store.query(
        "INSERT INTO environment (id, digest, host, cpu, cores, memory_bytes, gpu, driver, os, "
        "facts) "
        "SELECT 9, 'other', host, cpu, cores, memory_bytes, gpu, driver, os, facts FROM "
        "environment "
        "WHERE id = 1");
    store.query(fmt::format("UPDATE environment SET {} WHERE id = 9", change));
    store.query("UPDATE run SET environment = 9 WHERE id = 1");
    EXPECT_EQ(beside_ceilings(store).rows.empty(), !is_found) << change;
  }
}

TEST(report, takes_the_default_of_a_parameter_from_the_store) {
  const TemporaryStore temporary;
  fill(temporary.store());
  EXPECT_EQ(build_article(find_report("run"), temporary.store(), {}).title, "Run 2");
}

TEST(report, that_is_not_there_lists_those_that_are) {
  try {
    find_report("pear");
    FAIL() << "no error";
  } catch (const Error& error) {
    expect_says(error.what(), {"pear", "pair", "run"});
  }
}

TEST(report, fills_in_parameters_and_escapes_them) {
  EXPECT_EQ(prose_of("I am {{who}}.\n", "a|b<c"), "I am a\\|b\\<c.\n");
}

TEST(report, says_a_sentence_for_each_row) {
  EXPECT_EQ(prose_of("```sql text\n-- say: {n} is {share}.\n-- else: none\n"
                     "SELECT 1 AS n, 0.25 AS \"share [%]\" UNION ALL SELECT 2, 0.5\n```\n"),
            "1 is 25.0 %. 2 is 50.0 %.\n");
}

TEST(report, says_what_stands_there_where_no_row_is) {
  EXPECT_EQ(
      prose_of(
          "```sql text\n-- say: {n}\n-- else: Nothing of {{who}}.\nSELECT 1 AS n WHERE 0\n```\n"),
      "Nothing of x.\n");
}

TEST(report, leaves_a_fence_of_another_language_alone) {
  EXPECT_EQ(prose_of("```sh\n```sql table\n```\n"), "```sh\n```sql table\n```\n");
}

TEST(report, puts_common_tables_before_every_query) {
  EXPECT_EQ(prose_of("```sql with\nWITH a AS (SELECT 7 AS n)\n```\n"
                     "```sql text\n-- say: {n}\n-- else: none\nSELECT n FROM a\n```\n"
                     "```sql text\n-- say: {m}\n-- else: none\nWITH b AS (SELECT n + 1 AS m FROM "
                     "a) SELECT m FROM b\n```\n"),
            "7\n8\n");
}

TEST(report, takes_the_runs_out_of_a_table_and_keeps_them) {
  const TemporaryStore temporary;
  fill(temporary.store());
  const Article article = build_article(
      parse_report(
          "mine",
          kHead + "```sql table A\n-- else: none\nSELECT 5 AS n, '2,1' AS run, 1 AS d_run\n```\n"),
      temporary.store(), {{"who", "x"}});
  const auto& exhibit = std::get<Exhibit>(article.blocks.at(0));
  EXPECT_EQ(exhibit.table.columns, std::vector<std::string>{"n"});
  EXPECT_EQ(exhibit.runs, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(provenance(article.runs),
            "Runs 1, 2 · 2026-03-01 – 2026-03-02 · Xeon 8480+, 2 cores · moebench 0.1.0 abc1234");
}

}  // namespace
}  // namespace moe::testing
