#include "reports/report.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "harness/embedded.h"
#include "harness/error.h"
#include "reports/fence.h"
#include "reports/lines.h"

namespace moe {

extern const std::span<const EmbeddedFile> report_files;

namespace {

ReportParameter& parameter_of(Report& report, std::string_view name) {
  const auto found = std::ranges::find(report.parameters, name, &ReportParameter::name);
  require(found != report.parameters.end(),
          "no line 'parameter {0}: …' or 'target {0}: …' above this one", name);
  return *found;
}

/// One `key: value` or `key name: value` line between the two `---`.
void read_front_matter(Report& report, std::string_view line) {
  const std::size_t colon = line.find(": ");
  require(colon != std::string_view::npos, "expected 'key: value', found '{}'", line);
  const std::string_view key = line.substr(0, colon);
  const std::string value(line.substr(colon + 2));
  const std::size_t space = key.find(' ');
  const std::string_view word = key.substr(0, space);
  const std::string_view name = space == std::string_view::npos ? "" : key.substr(space + 1);
  if (key == "title") {
    report.title = value;
  } else if (key == "summary") {
    report.summary = value;
  } else if ((word == "parameter" || word == "target") && !name.empty()) {
    report.parameters.push_back({.name = std::string(name),
                                 .meaning = value,
                                 .default_sql = "",
                                 .known_sql = "",
                                 .is_target = word == "target"});
  } else if (word == "default" && !name.empty()) {
    parameter_of(report, name).default_sql = value;
  } else if (word == "known" && !name.empty()) {
    parameter_of(report, name).known_sql = value;
  } else {
    throw Error(fmt::format("unknown key '{}'; known are title, summary, parameter NAME, target "
                            "NAME, default NAME and known NAME",
                            key),
                std::source_location::current());
  }
}

void read_head(Report& report, Lines& lines) {
  require(lines.take() == "---", "a report begins with the line '---'");
  while (lines.more()) {
    const std::string_view line = lines.take();
    if (line == "---") {
      require(!report.title.empty(), "no 'title: …' between the two lines '---'");
      return;
    }
    read_front_matter(report, line);
  }
  require(false, "the line '---' that ends the head is missing");
}

void read_parts(Report& report, Lines& lines) {
  ReportProse prose;
  bool in_code = false;  // a fence of the prose's own, which holds no query
  const auto flush = [&] {
    if (!prose.markdown.empty()) report.parts.emplace_back(std::exchange(prose, {}));
  };
  while (lines.more()) {
    const std::string_view line = lines.take();
    if (!in_code && line.starts_with("```sql")) {
      flush();
      report.parts.emplace_back(read_fence(line, lines));
      continue;
    }
    if (line.starts_with("```")) in_code = !in_code;
    if (prose.markdown.empty()) prose.line = lines.number();
    prose.markdown.append(line).append("\n");
  }
  flush();
}

}  // namespace

Report parse_report(std::string_view name, std::string_view text) {
  Report report{
      .name = std::string(name), .title = "", .summary = "", .parameters = {}, .parts = {}};
  Lines lines(text);
  try {
    read_head(report, lines);
    read_parts(report, lines);
  } catch (const Error& error) {
    throw error.while_doing(fmt::format("report {}, line {}", name, lines.number()));
  }
  return report;
}

std::vector<Report> bundled_reports() {
  std::vector<Report> reports;
  for (const EmbeddedFile& file : report_files) {
    reports.push_back(parse_report(file.name, file.text));
  }
  std::ranges::sort(reports, {}, &Report::name);
  return reports;
}

Report find_report(std::string_view name_or_file) {
  if (name_or_file.ends_with(".md")) {
    const std::filesystem::path path(name_or_file);
    const std::ifstream file(path);
    require(file.good(), "cannot read the report {}", name_or_file);
    std::ostringstream text;
    text << file.rdbuf();
    return parse_report(path.stem().string(), text.str());
  }
  std::string known;
  for (const EmbeddedFile& file : report_files) {
    if (file.name == name_or_file) return parse_report(file.name, file.text);
    known.append(known.empty() ? "" : ", ").append(file.name);
  }
  throw Error(fmt::format("no report '{}'; there are {}, or give a file that ends in .md",
                          name_or_file, known),
              std::source_location::current());
}

}  // namespace moe
