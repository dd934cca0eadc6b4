// Every bundled report in every format, as a reader gets it. MOEBENCH_APPROVE=1 rewrites the
// approved texts; read the difference before committing it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <tuple>

#include "reports/compare.h"
#include "reports/format.h"
#include "reports/vega_bundle.h"
#include "tests/reports/fixture.h"

namespace moe::testing {
namespace {

std::string read(const std::filesystem::path& file) {
  const std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

void cut(std::string& text, std::string_view from, std::string_view to) {
  const std::size_t begin = text.find(from);
  if (begin == std::string::npos) return;
  const std::size_t end = text.find(to, begin + from.size());
  text.replace(begin + from.size(), end - begin - from.size(), "…");
}

/// Vega and the style sheet stand in other files.
std::string without_what_is_not_ours(std::string text) {
  if (const std::size_t at = text.find(vega_bundle()); at != std::string::npos) {
    text.replace(at, vega_bundle().size(), "…");
  }
  cut(text, "<style>", "</style>");
  return text;
}

void expect_approved(const std::string& name, const std::string& text) {
  const auto file = std::filesystem::path(MOE_SOURCE_DIR) / "tests/reports/approved" / name;
  if (std::getenv("MOEBENCH_APPROVE") != nullptr) {  // NOLINT(concurrency-mt-unsafe): one thread
    std::ofstream(file) << text;
    return;
  }
  ASSERT_TRUE(std::filesystem::exists(file)) << "run with MOEBENCH_APPROVE=1 to write " << file;
  EXPECT_EQ(read(file), text) << "if this is what it should be, run with MOEBENCH_APPROVE=1";
}

std::vector<Parameter> parameters_for(const Report& report) {
  if (report.name == "pair") return {{"moe", kMixture}, {"dense", kDense}};
  return {};
}

std::string written(const Article& article, const Format& format) {
  const Written result = format.write(article);
  std::string text = without_what_is_not_ours(result.text);
  for (const ChartFile& chart : result.charts)
    text += "\n" + chart.name + "\n" + chart.vega_lite + "\n";
  return text;
}

/// A heading's line of dashes with no row under it, in Markdown.
bool has_empty_table(const std::string& text) {
  static const std::regex empty(R"(\|-[-:|]*\|\n(?!\|))");
  return std::regex_search(text, empty);
}

TEST(an_empty_table, is_recognised) {
  EXPECT_TRUE(has_empty_table("| a    |\n|------|\n\nText"));
  EXPECT_TRUE(has_empty_table("| a    | b |\n|------|--:|\n"));
  EXPECT_FALSE(has_empty_table("| a    |\n|------|\n| 1    |\n"));
}

TEST(every_report, in_every_format_is_as_approved) {
  const TemporaryStore temporary;
  fill(temporary.store());
  for (const Report& report : bundled_reports()) {
    const Article article = build_article(report, temporary.store(), parameters_for(report));
    for (const Format* format : formats()) {
      expect_approved(fmt::format("{}.{}", report.name, format->extension),
                      written(article, *format));
    }
  }
}

TEST(every_report, of_an_empty_store_says_so_instead_of_failing) {
  const TemporaryStore temporary;
  const Store& store = temporary.store();
  store.query("INSERT INTO target SELECT 1, 'a', 'm', '', '', '', '', 0, 0, 1, 1, 1, '{}'");
  store.query("INSERT INTO environment SELECT 1, 'd', 'h', 'c', 1, 1, '', '', '', '{}'");
  store.query("INSERT INTO run SELECT 1, '2026-01-01T00:00:00Z', NULL, '', '', -1, '', '', '', 1");
  for (const Report& report : bundled_reports()) {
    std::vector<Parameter> parameters = parameters_for(report);
    for (Parameter& parameter : parameters) parameter.value = "m";
    const Article article = build_article(report, store, parameters);
    for (const Format* format : formats()) {
      const std::string text = format->write(article).text;
      EXPECT_FALSE(has_empty_table(text)) << report.name << "." << format->extension;
      EXPECT_EQ(text.find("<tbody>\n</tbody>"), std::string::npos) << report.name;
    }
  }
}

TEST(comparison, in_every_format_is_as_approved) {
  const TemporaryStore temporary;
  fill(temporary.store());
  const Article article = comparison(temporary.store(), kDense, kMixture);
  for (const Format* format : formats()) {
    expect_approved(fmt::format("compare.{}", format->extension), written(article, *format));
  }
}

}  // namespace
}  // namespace moe::testing
