#include "tests/results/export_fixture.h"

#include <cmath>
#include <sstream>

#include "harness/error.h"

namespace moe::testing {
namespace {

using nlohmann::json;

constexpr Metric kAcc = {"acc", "1", true, true};
constexpr Metric kAccNorm = {"acc_norm", "1", true, true};
constexpr Metric kImbalance = {"load_imbalance", "1", false, false};

}  // namespace

void ExportTest::fill(const RunRow& plan) {
  Recorder run(store_, plan);
  for (std::size_t t = 0; t < plan.targets.size(); ++t) {
    const std::int64_t launch = run.begin_launch(plan.targets[t].identity, 0);
    for (const CaseRow& c : plan.cases) {
      if (c.target == t) fill_case(run, launch, c.key);
    }
  }
  run.end_run();
}

void ExportTest::fill_case(Recorder& run, std::int64_t launch, const std::string& key) const {
  for (const std::string task : {"quiz_a", "quiz_b"}) {
    for (std::int64_t document = 0; document < 2; ++document) {
      Document d = document_of(key, document);
      d.task = task;
      d.target = gold_;
      run.record(launch, d);
      for (std::int64_t choice = 0; choice < 2; ++choice) {
        Answer a = answer_of(key, document, choice);
        a.task = task;
        run.record(launch, a);
        a.filter = "second";
        run.record(launch, a);
      }
      run.write_metrics(key, task, document, R"({"acc":1.0,"acc_norm":0.0})");
    }
  }
  std::vector<Value> values;
  for (const std::string scope : {"", "quiz_a", "quiz_b", "quiz_group"}) {
    values.push_back({&kAcc, scope, 0.5, 0.4, 0.6, 0.1, 2});
    values.push_back({&kAccNorm, scope, 0.25, 0.2, 0.3, std::nan(""), 2});
  }
  values.push_back({&kImbalance, "", 2, 2, 2, std::nan(""), 1});
  values.push_back({&kImbalance, "layer.0", 2, 2, 2, std::nan(""), 1});
  run.write_values(key, values);
  run.end_case(key, {});
}

std::vector<json> ExportTest::lines(const ExportChoice& choice) const {
  std::ostringstream out;
  export_samples(store_, 1, choice, out);
  std::vector<json> all;
  std::istringstream in(out.str());
  for (std::string line; std::getline(in, line);) {
    EXPECT_TRUE(line.starts_with(R"({"kind":")")) << line;
    all.push_back(json::parse(line));
  }
  return all;
}

std::vector<json> ExportTest::of_kind(const std::vector<json>& all, const std::string& kind) {
  std::vector<json> some;
  for (const json& line : all) {
    if (line.at("kind") == kind) some.push_back(line);
  }
  return some;
}

std::string ExportTest::error(const ExportChoice& choice) const {
  return message_of<Error>([&] { lines(choice); });
}

}  // namespace moe::testing
