#include "suites/shots.h"

#include <algorithm>

#include "datasets/dataset.h"
#include "harness/error.h"
#include "suites/data.h"
#include "suites/prompt.h"

namespace moe {

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
  require(sampler == "first_n" || sampler == "random",
          "[prompt]: sampler \"{}\"; known are first_n, random", sampler);
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
  if (prompt.value("sampler", "first_n") == "random") {
    random_.emplace(kSeed);
  } else {
    pool_.resize(static_cast<std::size_t>(count_));
  }
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
