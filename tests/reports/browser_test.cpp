// The page of a report as a browser draws it: every chart is there, and nothing is wider than a
// telephone. Skipped where there is no Chromium.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "reports/format.h"
#include "tests/reports/fixture.h"

namespace moe::testing {
namespace {

struct Close {
  void operator()(FILE* pipe) const { pclose(pipe); }
};

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, Close> pipe(popen(command.c_str(), "r"));
  std::string text;
  std::array<char, 65536> buffer{};
  while (pipe != nullptr) {
    const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe.get());
    if (n == 0) break;
    text.append(buffer.data(), n);
  }
  return text;
}

std::string browser() {
  for (const char* name : {"chromium", "chromium-browser", "google-chrome"}) {
    if (!output_of(fmt::format("command -v {} 2>/dev/null", name)).empty()) return name;
  }
  return "";
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++found;
  return found;
}

TEST(a_page_in_a_browser, draws_every_chart_and_fits_a_narrow_window) {
  const std::string program = browser();
  if (program.empty()) GTEST_SKIP() << "no chromium on this machine";
  const TemporaryStore temporary;
  fill(temporary.store());
  const Article article =
      build_article(find_report("pair"), temporary.store(), {{"moe", kMixture}, {"dense", kDense}});
  const auto file = temporary.store().file().parent_path() / "page.html";
  const std::string page = find_format("html").write(article).text;
  std::ofstream(file) << page
                      << "<script>setTimeout(() => { document.body.dataset.tooWide = "
                         "document.documentElement.scrollWidth > innerWidth; }, 3000)</script>";
  const std::string dom = output_of(
      fmt::format("timeout 60 {} --headless --no-sandbox --disable-gpu --window-size=500,900 "
                  "--virtual-time-budget=8000 --user-data-dir={} --dump-dom file://{} 2>/dev/null",
                  program, (file.parent_path() / "profile").string(), file.string()));
  if (dom.empty()) GTEST_SKIP() << program << " does not run here";
  EXPECT_EQ(count(dom, "<svg xmlns="), count(page, "<figure class=\"chart\">"));
  EXPECT_EQ(dom.find("The chart could not be drawn: "), dom.rfind("The chart could not be drawn: "))
      << "only the program itself may hold these words";
  EXPECT_NE(dom.find("data-too-wide=\"false\""), std::string::npos);
}

}  // namespace
}  // namespace moe::testing
