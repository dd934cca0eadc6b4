#include "tests/reports/filler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/error.h"

namespace moe::testing {
namespace {

constexpr std::array kMetrics = {
    Metric{"acc", "1", true, true},
    Metric{"acc_norm", "1", true, true},
    Metric{"exact", "1", true, true},
    Metric{"ece", "1", false, true},
    Metric{"letter_bias", "1", false, true},
    Metric{"answer_share", "1", false, true},
    Metric{"gold_share", "1", false, true},
    Metric{"acc_stderr_clustered", "1", false, true},
    Metric{"load_imbalance", "1", false, false},
    Metric{"routing_entropy", "1", true, false},
    Metric{"dead_experts", "1", false, false},
    Metric{"word_perplexity", "1", false, false},
    Metric{"byte_perplexity", "1", false, false},
    Metric{"bits_per_byte", "1", false, false},
    Metric{"tokens_per_s", "1/s", true, false},
    Metric{"step_s", "s", false, false},
    Metric{"weight_bytes", "B", false, true},
    Metric{"kv_bytes_per_token", "B", false, true},
    Metric{"workspace_bytes", "B", false, true},
    Metric{"predicted_workspace_bytes", "B", false, true},
    Metric{"peak_resident_bytes", "B", false, false},
    Metric{"prefill_tokens_per_s", "1/s", true, false},
    Metric{"decode_tokens_per_s", "1/s", true, false},
    Metric{"flops_per_token", "1", false, true},
    Metric{"bytes_per_token", "B", false, true},
    Metric{"experts_touched", "1", false, false},
    Metric{"predicted_weight_bytes", "B", false, true},
    Metric{"subject_entropy", "bit", true, true},
    Metric{"subject_information", "bit", true, true},
    Metric{"subject_information_by_chance", "bit", false, true},
    Metric{"attribute_entropy", "bit", true, true},
    Metric{"attribute_information", "bit", true, true},
    Metric{"attribute_information_by_chance", "bit", false, true},
    Metric{"differing_log_likelihoods", "1", false, true},
    Metric{"max_log_likelihood_difference", "1", false, true},
    Metric{"flipped_answers", "1", false, true},
    Metric{"flipped_expert_choices", "1", false, true},
};

constexpr std::string_view kWorld =
    "kind = \"multiple_choice\"\n[groups]\nplaces = [\"capitals\", \"colours\"]\n";

}  // namespace

std::span<const Metric> fixture_metrics() {
  return kMetrics;
}

void Filler::insert(const std::string& table, const std::string& columns,
                    const std::vector<Cell>& cells) const {
  std::vector<Parameter> parameters;
  std::vector<std::string> places;
  for (std::size_t at = 0; at < cells.size(); ++at) {
    const std::string name = fmt::format("p{}", at);
    parameters.push_back({.name = name, .value = cells[at]});
    places.push_back(":" + name);
  }
  store_.query(fmt::format("INSERT INTO \"{}\" ({}) VALUES ({}) ON CONFLICT DO NOTHING", table,
                           columns, fmt::join(places, ", ")),
               parameters);
}

std::int64_t Filler::add_case(std::int64_t run, std::int64_t target, const std::string& suite,
                              const std::string& point, const std::string& outcome,
                              const std::string& reason) {
  const std::string key = fmt::format("{}/{}/{}", target, suite, point);
  const std::string kind = suite == "world"              ? "multiple_choice"
                           : suite == "wikitext2"        ? "perplexity"
                           : suite == "pruning"          ? "sparsity"
                           : suite.starts_with("audit_") ? "audit"
                                                         : suite;
  insert("suite", "name, version, kind, title, sha256, toml",
         {suite, 1, kind, suite, suite, suite == "world" ? std::string(kWorld) : ""});
  insert("case", "key, suite, suite_version, target, point, dataset_digest",
         {key, suite, 1, target, point, ""});
  ++case_runs_;
  store_.query(
      "INSERT INTO case_run (id, run, \"case\", suite, ordinal, outcome, reason) "
      "SELECT :id, :run, c.id, s.id, :id, :outcome, :reason FROM \"case\" c, suite s "
      "WHERE c.key = :key AND s.sha256 = :suite",
      {{"id", case_runs_},
       {"run", run},
       {"outcome", outcome},
       {"reason", reason},
       {"key", key},
       {"suite", suite}});
  return case_runs_;
}

void Filler::add_value(std::int64_t case_run, const Measured& value) const {
  const auto* const metric = std::ranges::find(kMetrics, value.metric, &Metric::name);
  require(metric != kMetrics.end(), "no metric {} in the fixture", value.metric);
  insert("metric", "name, unit, higher_is_better, deterministic",
         {value.metric, std::string(metric->unit), metric->higher_is_better ? 1 : 0,
          metric->deterministic ? 1 : 0});
  store_.query(
      "INSERT INTO value (case_run, metric, scope, estimate, low, high, standard_error, n) "
      "SELECT :c, id, :scope, :x, :x - :half, :x + :half, :half / 1.96, :n FROM metric "
      "WHERE name = :m",
      {{"c", case_run},
       {"scope", value.scope},
       {"x", value.estimate},
       {"half", value.half},
       {"n", value.n},
       {"m", value.metric}});
}

}  // namespace moe::testing
