#include "cli/show_report.h"

#include <cstdio>

#include "cli/python.h"
#include "cli/tell.h"
#include "cli/write_file.h"
#include "harness/error.h"

namespace moe {
namespace {

void write_text(const std::filesystem::path& file, std::string_view text) {
  write_whole(file, [&](std::ostream& out) { out << text; });
}

constexpr int kNoVlConvert = 3;  // what the script below ends with
constexpr const char* kDraw =
    "import sys\n"
    "try:\n"
    "  import vl_convert\n"
    "except ImportError:\n"
    "  sys.exit(3)\n"
    "svg = vl_convert.vegalite_to_svg(open(sys.argv[1], encoding='utf-8').read())\n"
    "open(sys.argv[2], 'w', encoding='utf-8').write(svg)\n";

/// Why a chart was not drawn, from what Python ended with.
std::string reason_of(int code, const std::filesystem::path& chart) {
  if (!std::filesystem::exists(python()))
    return fmt::format("{} is not there; ./bootstrap.sh makes it", python().string());
  if (code == kNoVlConvert) return "vl-convert is missing; ./bootstrap.sh installs it";
  return fmt::format("{}: vl-convert ended with exit code {}", chart.string(), code);
}

/// Draws the specifications with vl-convert.
void draw(const std::vector<ChartFile>& charts, const std::filesystem::path& folder) {
  for (const ChartFile& chart : charts) {
    const std::filesystem::path specification = folder / (chart.name + ".vl.json");
    const std::filesystem::path svg = folder / chart.name;
    write_text(specification, chart.vega_lite);
    const int code = run_python({"-c", kDraw, specification.string(), svg.string()});
    std::filesystem::remove(specification);
    if (code != 0) {
      tell("the charts were not drawn: {}\n", reason_of(code, svg));
      return;
    }
  }
}

}  // namespace

void write_article(Article article, const Format& format, const std::filesystem::path& out) {
  if (!out.empty()) article.files = out.stem().string();  // two reports may lie in one folder
  const Written written = format.write(article);
  if (out.empty()) {
    const bool alone = !written.charts.empty();  // pictures that would stand beside a file
    fmt::print("{}", alone ? format.write(with_numbers_for_charts(article)).text : written.text);
    return;
  }
  write_text(out, written.text);
  draw(written.charts, out.has_parent_path() ? out.parent_path() : std::filesystem::path("."));
  tell("wrote {}\n", out.string());
}

void show_report(const Store& store, const std::string& name,
                 const std::vector<Parameter>& parameters) {
  write_article(build_article(find_report(name), store, parameters), find_format("md"), {});
}

}  // namespace moe
