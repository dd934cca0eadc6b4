// The examples before each question, chosen as lm-evaluation-harness's samplers choose them.
//
// [prompt] sampler = "first_n": the first of the examples' split. "random": drawn anew for each
// question, by one Random(1234) a task that goes on from question to question; with `spare_example`
// one more is drawn, and the question itself is dropped where it was: what lm-evaluation-harness
// does where the examples' split is the questions', or neither is named. "helm": as HELM draws
// them, once for all questions: one of each right answer in turn, of those that are right most
// often first, by Random(0).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "suites/kind.h"
#include "suites/python_random.h"

namespace moe {

struct Item;
struct Dataset;

class Shots {
 public:
  /// Of a point's number of examples. Error where the split has fewer.
  Shots(const CaseTask&, const Dataset&, std::string_view subset);

  /// Those of the next question, counted from the first of its split: to be called for each of
  /// them, whether it is asked or not. Valid as long as this.
  std::vector<const Item*> next(const Item& question);

  /// Are they the same for all questions?
  bool fixed() const { return !random_; }

 private:
  std::vector<const Item*> drawn(PythonRandom&, std::int64_t count) const;

  std::vector<Item> pool_;
  std::int64_t count_ = 0;
  bool spare_ = false;
  std::optional<PythonRandom> random_;
};

/// Checks [prompt] and the axes: the templates, the sampler, and that examples come from a split
/// that the data has. Error names the key.
void check_prompt(const Suite&);

/// The split that a point's examples come from; "" where there are none. Error where the suite
/// names none.
std::string shots_split(const Suite&, const Json& point);

}  // namespace moe
