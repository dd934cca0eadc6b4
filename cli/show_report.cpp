#include "cli/show_report.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "cli/python.h"
#include "harness/error.h"

namespace moe {
namespace {

void write_file(const std::filesystem::path& file, std::string_view text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  require(out.good(), "{}: cannot be written", file.string());
}

/// Draws the specifications with vl-convert.
void draw(const std::vector<ChartFile>& charts, const std::filesystem::path& folder) {
  for (const ChartFile& chart : charts) {
    const std::filesystem::path specification = folder / (chart.name + ".vl.json");
    write_file(specification, chart.vega_lite);
    const int code =
        run_python({"-c",
                    "import sys, vl_convert\n"
                    "svg = vl_convert.vegalite_to_svg(open(sys.argv[1], encoding='utf-8').read())\n"
                    "open(sys.argv[2], 'w', encoding='utf-8').write(svg)\n",
                    specification.string(), (folder / chart.name).string()});
    std::filesystem::remove(specification);
    if (code != 0) {
      fmt::print(stderr,
                 "the charts were not drawn: vl-convert is missing; ./bootstrap.sh installs it\n");
      return;
    }
  }
}

}  // namespace

void write_article(const Article& article, const Format& format, const std::filesystem::path& out) {
  const Written written = format.write(article);
  if (out.empty()) {
    const bool alone = !written.charts.empty();  // pictures that would stand beside a file
    fmt::print("{}", alone ? format.write(with_numbers_for_charts(article)).text : written.text);
    return;
  }
  write_file(out, written.text);
  draw(written.charts, out.has_parent_path() ? out.parent_path() : std::filesystem::path("."));
  fmt::print(stderr, "wrote {}\n", out.string());
}

void show_report(const Store& store, const std::string& name,
                 const std::vector<Parameter>& parameters) {
  write_article(build_article(find_report(name), store, parameters), find_format("md"), {});
}

}  // namespace moe
