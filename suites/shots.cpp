#include "suites/shots.h"

#include <algorithm>
#include <functional>
#include <map>

#include "datasets/dataset.h"
#include "harness/error.h"
#include "suites/data.h"
#include "suites/prompt.h"

namespace moe {

namespace {

/// CPython's shuffle.
void shuffle(PythonRandom& random, std::vector<std::string>& items) {
  for (auto i = std::ssize(items) - 1; i > 0; --i)
    std::swap(items[static_cast<std::size_t>(i)],
              items[static_cast<std::size_t>(random.below(i + 1))]);
}

using ByAnswer = std::map<std::string, std::vector<Item>>;

/// The right answers, the most frequent first; equally frequent ones are shuffled.
std::vector<std::string> by_frequency(PythonRandom& random, const ByAnswer& by_answer) {
  std::map<std::size_t, std::vector<std::string>, std::greater<>> by_count;
  for (const auto& [answer, items] : by_answer) by_count[items.size()].push_back(answer);
  std::vector<std::string> out;
  for (auto& [count, answers] : by_count) {
    shuffle(random, answers);
    out.insert(out.end(), answers.begin(), answers.end());
  }
  return out;
}

std::vector<Item> drawn_as_helm(std::vector<Item> pool, std::int64_t count) {
  PythonRandom random(0);
  ByAnswer by_answer;
  for (Item& item : pool) {
    require(item.gold >= 0, "sampler helm: an example without choices: \"{}\"",
            item.question.substr(0, 60));
    const std::string answer = item.choices.at(static_cast<std::size_t>(item.gold));
    by_answer[answer].push_back(std::move(item));
  }
  const std::vector<std::string> answers = by_frequency(random, by_answer);
  std::vector<Item> out;
  for (std::size_t turn = 0; std::ssize(out) < count; ++turn) {
    std::vector<Item>& items = by_answer.at(answers[turn % answers.size()]);
    if (items.empty()) continue;
    const auto at = items.begin() + random.below(std::ssize(items));
    out.push_back(std::move(*at));
    items.erase(at);
  }
  return out;
}

}  // namespace

std::string shots_split(const Suite& suite, const Json& point) {
  const auto shots = point.value("shots", std::int64_t{0});
  if (shots == 0) return "";
  std::string split = suite.options.at("prompt").value("shots_split", "");
  require(!split.empty(), "shots={}: the suite names no shots_split in [prompt]", shots);
  return split;
}

void check_prompt(const Suite& suite) {
  prompt_of(suite);
  const Json& prompt = suite.options.at("prompt");
  const std::string split = prompt.value("shots_split", "");
  const std::string sampler = prompt.value("sampler", "first_n");
  require(sampler == "first_n" || sampler == "random" || sampler == "helm",
          "[prompt]: sampler \"{}\"; known are first_n, random, helm", sampler);
  require(!prompt.value("spare_example", false) || sampler == "random",
          "[prompt]: spare_example: only sampler \"random\" draws");
  if (!split.empty()) find_split(dataset_of(suite), split);
  for (const Axis& axis : suite.axes) {
    require(axis.name == "shots", "axis \"{}\": a {} suite has the axis shots only", axis.name,
            suite.kind);
    for (const Json& value : axis.values) {
      require(value.is_number_integer() && value >= 0,
              "axis shots: expected whole numbers, 0 or more, found {}", value.dump());
      require(value == 0 || !split.empty(),
              "[prompt]: shots_split is missing, and axis shots is {}", value.dump());
    }
  }
}

Shots::Shots(const CaseTask& task, const Dataset& dataset, std::string_view subset) {
  constexpr std::uint32_t kSeed = 1234;
  const std::string split = shots_split(*task.suite, task.point);
  if (split.empty()) return;
  const Json& prompt = task.suite->options.at("prompt");
  count_ = task.point.at("shots").get<std::int64_t>();
  pool_ = load(dataset, subset, split, task.data_root);
  spare_ = prompt.value("spare_example", false);
  const std::int64_t needed = count_ + (spare_ ? 1 : 0);
  require(std::ssize(pool_) >= needed,
          "shots={}: split {} of {} has {} questions, expected {} or more", count_, split,
          subset.empty() ? std::string_view(dataset.name) : subset, pool_.size(), needed);
  const std::string sampler = prompt.value("sampler", "first_n");
  if (sampler == "random") random_.emplace(kSeed);
  if (sampler == "helm") pool_ = drawn_as_helm(std::move(pool_), count_);
  if (sampler == "first_n") pool_.resize(static_cast<std::size_t>(count_));
}

std::vector<const Item*> Shots::drawn(PythonRandom& random, std::int64_t count) const {
  std::vector<const Item*> out;
  for (const std::int64_t i : random.sample(std::ssize(pool_), count))
    out.push_back(&pool_[static_cast<std::size_t>(i)]);
  return out;
}

std::vector<const Item*> Shots::next(const Item& question) {
  std::vector<const Item*> out;
  if (!random_) {
    for (const Item& item : pool_) out.push_back(&item);
    return out;
  }
  PythonRandom& random = *random_;
  if (!spare_) return drawn(random, count_);
  const std::string itself = canonical(question);
  const auto is_itself = [&](const Item* item) { return canonical(*item) == itself; };
  out = drawn(random, count_ + 1);
  std::erase_if(out, is_itself);
  if (std::ssize(out) < count_) {  // it stands there more than once
    std::vector<const Item*> others;
    for (const Item& item : pool_)
      if (!is_itself(&item)) others.push_back(&item);
    require(std::ssize(others) >= count_, "{} examples asked for, {} others are there", count_,
            others.size());
    out.clear();
    for (const std::int64_t i : random.sample(std::ssize(others), count_))
      out.push_back(others[static_cast<std::size_t>(i)]);
  }
  out.resize(static_cast<std::size_t>(count_));
  return out;
}

}  // namespace moe
