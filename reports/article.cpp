#include "reports/article.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "harness/error.h"
#include "reports/display.h"
#include "reports/escape.h"
#include "reports/fill.h"
#include "reports/find_target.h"
#include "reports/sources.h"

namespace moe {
namespace {

/// What SQL is given where a reader sees `shown`: of a target its id, and its name under
/// NAME_name. What is shown becomes the target's name.
std::vector<Parameter> bind(const Report& report, const Store& store,
                            std::vector<Parameter>& shown) {
  std::vector<Parameter> bound = shown;
  for (const ReportParameter& wanted : report.parameters) {
    if (!wanted.is_target) continue;
    const auto given = std::ranges::find(shown, wanted.name, &Parameter::name);
    const auto target = find_target(store, to_text(given->value));
    if (!target) {
      throw Error(fmt::format("{} '{}' is not in the store ({}); it has: {}", wanted.name,
                              to_text(given->value), wanted.meaning, target_names(store)),
                  std::source_location::current());
    }
    std::ranges::find(bound, wanted.name, &Parameter::name)->value = target->id;
    given->value = target->label;
    bound.push_back({.name = wanted.name + "_name", .value = target->label});
  }
  return bound;
}

/// The state of one report being built.
class Builder {
 public:
  Builder(const Report& report, const Store& store, std::vector<Parameter> shown,
          std::vector<Parameter> bound)
      : report_(report), store_(store), shown_(std::move(shown)), bound_(std::move(bound)) {}

  Article build() {
    article_.name = article_.files = report_.name;
    article_.title = fill_in(report_.title, [&](std::string_view name) { return plain(name); });
    for (const auto& part : report_.parts) {
      const int line = std::visit([](const auto& any) { return any.line; }, part);
      try {
        std::visit([&](const auto& any) { add(any); }, part);
      } catch (const Error& error) {
        throw error.while_doing(fmt::format("report {}, line {}", report_.name, line));
      }
    }
    article_.parameters = std::move(shown_);
    article_.runs = read_sources(store_, {seen_.begin(), seen_.end()});
    return std::move(article_);
  }

 private:
  std::string plain(std::string_view name) const {
    const auto found = std::ranges::find(shown_, name, &Parameter::name);
    require(found != shown_.end(), "unknown parameter {{{{{}}}}}", name);
    return to_text(found->value);
  }

  void add(const ReportProse& prose) {
    add_prose(fill_in(prose.markdown,
                      [&](std::string_view name) { return escape_markdown(plain(name)); }));
  }

  void add_prose(std::string markdown) {
    auto* last = article_.blocks.empty() ? nullptr : std::get_if<Prose>(&article_.blocks.back());
    if (last != nullptr) {
      if (last->markdown.ends_with("\n\n"))
        markdown.erase(0, std::min(markdown.find_first_not_of('\n'), markdown.size()));
      last->markdown += markdown;
    } else {
      article_.blocks.emplace_back(Prose{std::move(markdown)});
    }
  }

  void add(const ReportFence& fence) {
    if (fence.use == FenceUse::with) {
      article_.common_sql = fence.sql;
      return;
    }
    Exhibit exhibit{.caption = fill(fence.caption),
                    .otherwise = fill(fence.directives.at("else")),
                    .sql = fence.sql,
                    .table = query(fence.sql),
                    .runs = {},
                    .chart = {}};
    exhibit.runs = take_runs(exhibit.table);
    for (std::string& column : exhibit.table.columns) {
      column = fill_in(column, [&](std::string_view name) { return plain(name); });
    }
    seen_.insert(exhibit.runs.begin(), exhibit.runs.end());
    if (fence.use == FenceUse::text) {
      add_prose(say(fill(fence.directives.at("say")), exhibit));
      return;
    }
    if (exhibit.table.rows.empty() && exhibit.otherwise.empty()) return;
    if (fence.use == FenceUse::chart) {
      exhibit.chart = parse_chart(fence.directives.at("chart"));
      check_columns(*exhibit.chart, exhibit.table);
    }
    article_.blocks.emplace_back(std::move(exhibit));
  }

  std::string fill(std::string_view text) const {
    return fill_in(text, [&](std::string_view name) { return escape_markdown(plain(name)); });
  }

  /// The query with the common tables before it, whether or not it has some of its own.
  Table query(std::string_view sql) const {
    std::vector<Parameter> bound = bound_;
    bound.push_back({.name = "runs", .value = fmt::format("[{}]", fmt::join(seen_, ","))});
    if (article_.common_sql.empty()) return store_.query(sql, bound);
    constexpr std::string_view kWith = "WITH ";
    const bool own = sql.starts_with(kWith);
    if (own) sql.remove_prefix(kWith.size());
    return store_.query(fmt::format("{}{}{}", article_.common_sql, own ? ", " : "", sql), bound);
  }

  const Report& report_;
  const Store& store_;
  std::vector<Parameter> shown_, bound_;  // a target's name in one, its id in the other
  std::set<std::int64_t> seen_;           // runs
  Article article_;
};

std::vector<Parameter> complete(const Report& report, const Store& store,
                                std::vector<Parameter> parameters) {
  for (const Parameter& given : parameters) {
    require(std::ranges::find(report.parameters, given.name, &ReportParameter::name) !=
                report.parameters.end(),
            "the report has no parameter '{}'; it knows: {}", given.name, parameter_names(report));
  }
  for (const ReportParameter& wanted : report.parameters) {
    auto found = std::ranges::find(parameters, wanted.name, &Parameter::name);
    if (found == parameters.end() && !wanted.default_sql.empty()) {
      const Table table = store.query(wanted.default_sql, parameters);
      require(!table.rows.empty() && !std::holds_alternative<std::nullptr_t>(table.rows[0][0]),
              "{} has nothing to report on yet; run a suite first: moebench run SUITE --target T",
              store.file().string());
      parameters.push_back({.name = wanted.name, .value = table.rows[0][0]});
      found = std::prev(parameters.end());
    }
    require(found != parameters.end(), "parameter '{}' is missing: {}; give --{} VALUE",
            wanted.name, wanted.meaning, wanted.name);
    if (!wanted.known_sql.empty()) check_known(wanted, *found, store.query(wanted.known_sql));
  }
  return parameters;
}

}  // namespace

Article build_article(const Report& report, const Store& store,
                      const std::vector<Parameter>& parameters) {
  std::vector<Parameter> shown, bound;
  try {
    shown = complete(report, store, parameters);
    bound = bind(report, store, shown);
  } catch (const Error& error) {
    throw error.while_doing(fmt::format("report {}", report.name));
  }
  return Builder(report, store, std::move(shown), std::move(bound)).build();
}

}  // namespace moe
