// The fixture holds what the program can write: its metrics are those that suites/ declares.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>

#include "tests/reports/filler.h"

namespace moe::testing {
namespace {

/// The declarations `Metric kName = {"name", …};` of all suites, by name, without blanks.
std::map<std::string, std::string> declared() {
  std::map<std::string, std::string> metrics;
  const std::regex declaration(R"re(Metric k\w+ = \{("(\w+)",[^}]*)\})re");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::filesystem::path(MOE_SOURCE_DIR) / "suites")) {
    if (entry.path().extension() != ".cpp") continue;
    const std::ifstream file(entry.path());
    std::ostringstream stream;
    stream << file.rdbuf();
    const std::string text = stream.str();
    for (std::sregex_iterator at(text.begin(), text.end(), declaration), end; at != end; ++at) {
      std::string fields = (*at)[1];
      std::erase_if(fields, [](char c) { return c == ' ' || c == '\n'; });
      metrics[(*at)[2]] = fields;
    }
  }
  return metrics;
}

TEST(fixture, has_the_metrics_of_the_program) {
  const auto metrics = declared();
  for (const Metric& metric : fixture_metrics()) {
    const auto found = metrics.find(std::string(metric.name));
    ASSERT_NE(found, metrics.end()) << "no suite declares " << metric.name;
    EXPECT_EQ(found->second, fmt::format(R"("{}","{}",{},{})", metric.name, metric.unit,
                                         metric.higher_is_better, metric.deterministic));
  }
}

}  // namespace
}  // namespace moe::testing
