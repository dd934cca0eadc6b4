#include "suites/asked_suite.h"

#include <algorithm>

#include "harness/error.h"
#include "suites/data.h"

namespace moe {

Suite asked_suite(const Suite& suite, std::string_view table) {
  const Json& options = suite.options.at(std::string(table));
  Suite asked = find_suite(options.at("suite").get<std::string>());
  if (options.contains("shots")) asked.axes = {{"shots", {options["shots"]}}};
  return asked;
}

CaseTask asked_task(const CaseTask& task, std::string_view table, const Suite& asked) {
  const std::int64_t limit =
      task.suite->options.at(std::string(table)).value("limit", std::int64_t{-1});
  CaseTask sub = task;
  sub.suite = &asked;
  sub.limit = task.limit < 0 ? limit : limit < 0 ? task.limit : std::min(limit, task.limit);
  sub.point = points(asked, {}).front();
  return sub;
}

std::vector<Question> asked_questions(const CaseTask& task, std::string_view table,
                                      const Tokenizer& tokenizer) {
  const Suite asked = asked_suite(*task.suite, table);
  return questions_of(asked_task(task, table, asked), tokenizer);
}

void check_asked(const Suite& suite, std::string_view table) {
  const Json& options = suite.options.at(std::string(table));
  for (const char* key : {"limit", "shots"})
    require(!options.contains(key) || (options[key].is_number_integer() && options[key] >= 0),
            "[{}]: {}: expected a whole number", table, key);
  require(!options.at("suite").get<std::string>().ends_with(".toml"),
          "[{}]: suite: expected a bundled suite's name, which is part of what this suite's "
          "version stands for",
          table);
  const Suite asked = asked_suite(suite, table);
  require(asked.kind == "multiple_choice", "[{}]: suite {} is of kind {}, expected multiple_choice",
          table, asked.name, asked.kind);
  require(asked.dataset == suite.dataset && asked.split == suite.split,
          "[{}]: suite {} asks {} {}, this one {} {}", table, asked.name, asked.dataset,
          asked.split, suite.dataset, suite.split);
  for (const Axis& axis : asked.axes)
    require(axis.values.size() == 1, "[{}]: suite {} asks with {} values of {}; say which by `{}`",
            table, asked.name, axis.values.size(), axis.name, axis.name);
  try {
    find_kind(asked.kind).check(asked);
  } catch (const Error& error) {
    throw error.while_doing(fmt::format("[{}]: suite {}", table, asked.name));
  }
}

std::vector<std::string> asked_splits(const Suite& suite, std::string_view table) {
  const Suite asked = asked_suite(suite, table);
  return question_splits(asked, points(asked, {}).front());
}

Suite suite_at(const Json& point) {
  Suite asked = find_suite(point.at("suite").get<std::string>());
  for (Axis& axis : asked.axes) axis.values = {*std::ranges::max_element(axis.values)};
  return asked;
}

std::vector<Question> questions_at(const CaseTask& task, std::int64_t questions,
                                   const Tokenizer& tokenizer) {
  const Suite asked = suite_at(task.point);
  const std::int64_t subsets = std::ssize(dataset_of(asked).subsets);
  const std::int64_t limit = std::max<std::int64_t>(1, (questions + subsets - 1) / subsets);
  CaseTask sub = task;
  sub.suite = &asked;
  sub.limit = task.limit < 0 ? limit : std::min(limit, task.limit);
  sub.point = points(asked, {}).front();
  return questions_of(sub, tokenizer);
}

void check_suite_axis(const Suite& suite, std::span<const std::string_view> kinds) {
  const auto axis = std::ranges::find(suite.axes, "suite", &Axis::name);
  require(axis != suite.axes.end(), "axis \"suite\" is missing: which suite's questions are asked");
  for (const Json& value : axis->values) {
    require(value.is_string() && !value.get<std::string>().ends_with(".toml"),
            "axis suite: {}: expected a bundled suite's name", value.dump());
    const Suite asked = find_suite(value.get<std::string>());
    require(std::ranges::find(kinds, asked.kind) != kinds.end(),
            "axis suite: {} is of kind {}, expected one of kind {}", asked.name, asked.kind,
            fmt::join(kinds, " or "));
  }
}

std::vector<std::string> splits_at(const Suite&, const Json& point) {
  const Suite asked = suite_at(point);
  return find_kind(asked.kind).splits(asked, points(asked, {}).front());
}

}  // namespace moe
