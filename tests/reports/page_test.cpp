// What every HTML page must be, whatever stands in the store.
#include <gtest/gtest.h>

#include <string>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "reports/format.h"
#include "reports/vega_bundle.h"
#include "tests/reports/fixture.h"

namespace moe::testing {
namespace {

std::string page(const std::string& report, const std::vector<Parameter>& parameters) {
  const TemporaryStore temporary;
  fill(temporary.store());
  const Article article = build_article(find_report(report), temporary.store(), parameters);
  return find_format("html").write(article).text;
}

std::string own_part(std::string text) {
  if (const std::size_t at = text.find(vega_bundle()); at != std::string::npos) {
    text.erase(at, vega_bundle().size());
  }
  return text;
}

TEST(a_page, loads_nothing) {
  const std::string text = own_part(page("pair", {{"moe", kMixture}, {"dense", kDense}}));
  for (const char* loads : {"src=", "<link", "@import", "url("}) {
    EXPECT_EQ(text.find(loads), std::string::npos) << loads;
  }
}

TEST(a_page, carries_what_draws_its_charts) {
  EXPECT_NE(page("pair", {{"moe", kMixture}, {"dense", kDense}}).find(vega_bundle()),
            std::string::npos);
  EXPECT_GT(vega_bundle().size(), 500'000U);
  EXPECT_EQ(vega_bundle().find("</script"), std::string_view::npos);
  EXPECT_NE(vega_bundle().find("window.vegaEmbed"), std::string_view::npos);
}

TEST(a_page, without_charts_carries_no_program) {
  EXPECT_LT(page("run", {}).size(), 100'000U);
}

TEST(a_page, takes_text_of_the_store_as_text) {
  const std::string run = own_part(page("run", {}));
  EXPECT_EQ(run.find("<script>alert"), std::string::npos);
  EXPECT_NE(run.find("&lt;script&gt;alert"), std::string::npos);
  const std::string pair = own_part(page("pair", {{"moe", kMixture}, {"dense", kHostile}}));
  EXPECT_EQ(pair.find("<script>alert"), std::string::npos);
  EXPECT_EQ(pair.find("<a href=\"javascript"), std::string::npos);
}

TEST(a_chart, is_a_specification_with_its_data) {
  const TemporaryStore temporary;
  fill(temporary.store());
  Article article =
      build_article(find_report("pair"), temporary.store(), {{"moe", kMixture}, {"dense", kDense}});
  EXPECT_EQ(find_format("md").write(article).charts.at(0).name, "pair-1.svg");
  article.files = "june";
  const Written written = find_format("md").write(article);
  EXPECT_EQ(written.charts.at(0).name, "june-1.svg") << "two reports may lie in one folder";
  EXPECT_GE(written.charts.size(), 5U);
  for (const ChartFile& chart : written.charts) {
    const auto specification = nlohmann::json::parse(chart.vega_lite);
    EXPECT_FALSE(specification.at("data").at("values").empty()) << chart.name;
    EXPECT_NE(written.text.find("(" + chart.name + ")"), std::string::npos) << chart.name;
  }
}

TEST(a_chart, is_a_table_where_no_picture_can_stand_beside_the_text) {
  const TemporaryStore temporary;
  fill(temporary.store());
  const Article article =
      build_article(find_report("pair"), temporary.store(), {{"moe", kMixture}, {"dense", kDense}});
  const Written written = find_format("md").write(with_numbers_for_charts(article));
  EXPECT_TRUE(written.charts.empty());
  EXPECT_EQ(written.text.find(".svg"), std::string::npos);
  EXPECT_NE(written.text.find("Decoding: tokens per second of the whole batch\n\n| model"),
            std::string::npos);
}

TEST(a_chart, of_dots_that_share_a_line_sets_their_colours_apart) {
  const Chart chart = parse_chart("dot x=gain y=type color=score");
  const auto offset = [&](const char* other) {
    const Table table = {.columns = {"type", "score", "gain [pp]"},
                         .rows = {{"a", "acc", 0.1}, {"a", other, 0.2}}};
    const auto spec = nlohmann::json::parse(vega_lite(chart, table, ChartWidth::container));
    return spec.at("encoding").value("yOffset", nlohmann::json::object()).value("field", "");
  };
  EXPECT_EQ(offset("exact"), "c1");
  EXPECT_EQ(offset("acc"), "");
}

/// Two facets, three columns in another order in each, a cell without a number and one left out.
const Table& heat() {
  static const Table kTable = {.columns = {"layer", "subject", "expert", "share [%]"},
                               .rows = {{"a", "x", 7, 0.8},
                                        {"a", "x", 3, 0.0},
                                        {"a", "y", 7, 0.1},
                                        {"a", "y", 3, 0.41},
                                        {"b", "x", 3, nullptr},
                                        {"b", "y", 7, 0.8}}};
  return kTable;
}

TEST(a_heat_map, is_a_cell_for_every_row_with_each_facets_own_order) {
  const Chart chart = parse_chart("heat x=expert y=subject color=share facet=layer");
  check_columns(chart, heat());
  const auto spec = nlohmann::json::parse(vega_lite(chart, heat(), ChartWidth::container));
  EXPECT_EQ(spec.at("spec").at("layer").at(0).at("mark").at("type"), "rect");
  EXPECT_EQ(spec.at("spec").at("encoding").at("x").at("type"), "nominal");
  EXPECT_EQ(spec.at("resolve").at("scale").at("x"), "independent");
  EXPECT_EQ(spec.at("data").at("values").size(), 6U);
  EXPECT_EQ(describe(chart, heat()), "Heat map of share, % by subject and expert; 6 cells.");
  EXPECT_THROW(check_columns(parse_chart("heat x=expert y=share color=subject"), heat()), Error);
}

TEST(a_heat_map, is_blocks_where_there_is_text_only) {
  const Table text =
      in_text(parse_chart("heat x=expert y=subject color=share facet=layer"), heat());
  EXPECT_EQ(text.columns, (std::vector<std::string>{"layer", "subject", "expert"}));
  EXPECT_EQ(text.rows, (std::vector<std::vector<Cell>>{
                           {"a", "x", "█·"}, {"a", "y", "▁▅"}, {"b", "x", " "}, {"b", "y", " █"}}));
  const Table one = in_text(parse_chart("heat x=expert y=subject color=share"), heat());
  EXPECT_EQ(one.rows.at(1), (std::vector<Cell>{"y", "█▅"}));
  const Chart line = parse_chart("line x=expert y=share");
  EXPECT_EQ(in_text(line, heat()).rows, heat().rows);
}

TEST(a_caption, has_no_backslashes_outside_markdown) {
  const TemporaryStore temporary;
  fill(temporary.store());
  temporary.store().query("UPDATE target SET name = 'small[8x]' WHERE id = 1");
  const Article article =
      build_article(find_report("pair"), temporary.store(), {{"moe", "#1"}, {"dense", kDense}});
  for (const char* format : {"csv", "json"}) {
    const std::string text = find_format(format).write(article).text;
    EXPECT_EQ(text.find("small\\"), std::string::npos) << format;
    EXPECT_NE(text.find("small[8x] with fewer or more experts"), std::string::npos) << format;
  }
}

}  // namespace
}  // namespace moe::testing
