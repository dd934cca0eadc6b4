// The page of a report as a browser draws it: every chart is there, nothing is wider than a
// telephone, a dark screen gets a dark page, and it prints. Skipped where there is no Chromium.
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
  // NOLINTNEXTLINE(bugprone-command-processor): commands of this test
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

/// Tells the frame around the page what it looks like, once its charts are drawn.
constexpr std::string_view kTell = R"(<script>setTimeout(() => parent.postMessage({
  charts: document.querySelectorAll('.drawing svg').length,
  undrawn: [...document.querySelectorAll('.drawing')].filter(
      (d) => d.textContent.includes('could not be drawn')).length,
  width: innerWidth,
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  paper: getComputedStyle(document.body).backgroundColor}, '*'), 4000)</script>)";

/// A window cannot be as narrow as a telephone, a frame can.
constexpr std::string_view kFrame = R"(<!doctype html><body><script>
addEventListener('message', (m) => { for (const k in m.data) document.body.dataset[k] = m.data[k]; });
</script><iframe src="page.html" width="400" height="900" style="border:0"></iframe></body>)";

class Browser : public ::testing::Test {
 protected:
  void SetUp() override {
    program_ = browser();
    if (program_.empty()) GTEST_SKIP() << "no chromium on this machine";
    fill(temporary_.store());
    const Article article = build_article(find_report("pair"), temporary_.store(),
                                          {{"moe", kMixture}, {"dense", kDense}});
    page_ = find_format("html").write(article).text;
    std::ofstream(folder() / "page.html") << page_ << kTell;
    std::ofstream(folder() / "frame.html") << kFrame;
  }

  std::filesystem::path folder() const { return temporary_.store().file().parent_path(); }

  /// Runs the browser on a file of the folder; what it wrote.
  std::string open(const std::string& options, const std::string& file) const {
    return output_of(fmt::format(
        "timeout 60 {} --headless --no-sandbox --disable-gpu --virtual-time-budget=10000 "
        "--user-data-dir={} {} file://{} 2>/dev/null",
        program_, (folder() / "profile").string(), options, (folder() / file).string()));
  }

  TemporaryStore temporary_;
  std::string program_, page_;
};

TEST_F(Browser, draws_every_chart_and_fits_400_pixels) {
  const std::string dom = open("--dump-dom", "frame.html");
  if (dom.empty()) GTEST_SKIP() << program_ << " does not run here";
  const std::size_t charts = count(page_, "<figure class=\"chart\">");
  EXPECT_NE(dom.find(fmt::format("data-charts=\"{}\"", charts)), std::string::npos) << dom;
  EXPECT_NE(dom.find("data-undrawn=\"0\""), std::string::npos) << dom;
  EXPECT_NE(dom.find("data-width=\"400\""), std::string::npos) << dom;
  EXPECT_NE(dom.find("data-overflow=\"0\""), std::string::npos) << dom;
  EXPECT_NE(dom.find("data-paper=\"rgb(255, 255, 255)\""), std::string::npos) << dom;
}

TEST_F(Browser, is_dark_on_a_dark_screen) {
  const std::string dom = open("--blink-settings=preferredColorScheme=0 --dump-dom", "frame.html");
  if (dom.empty()) GTEST_SKIP() << program_ << " does not run here";
  EXPECT_NE(dom.find("data-paper=\"rgb(20, 23, 27)\""), std::string::npos) << dom;
}

TEST_F(Browser, prints) {
  const auto pdf = folder() / "page.pdf";
  open("--print-to-pdf=" + pdf.string(), "page.html");
  if (!std::filesystem::exists(pdf)) GTEST_SKIP() << program_ << " does not print here";
  EXPECT_GT(std::filesystem::file_size(pdf), 20'000U);
}

}  // namespace
}  // namespace moe::testing
