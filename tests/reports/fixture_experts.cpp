#include <fmt/format.h>

#include <cmath>
#include <string>

#include "tests/reports/filler.h"

namespace moe::testing {
namespace {

/// 60 questions, of which the first so many are answered right.
void add_answered(Filler& filler, std::int64_t case_run, std::int64_t right) {
  for (std::int64_t document = 0; document < 60; ++document) {
    filler.insert("document", "case_run, task, document, target, facts, metrics",
                  {case_run, "world_capitals", document, "0", "{}",
                   fmt::format(R"({{"acc": {}.0}})", document < right ? 1 : 0)});
  }
  filler.add_value(case_run, {"acc", static_cast<double>(right) / 60, 0.12, 60});
}

}  // namespace

void add_sparsity(Filler& filler) {
  for (const std::int64_t top_k : {1, 2, 4}) {
    const auto k = static_cast<double>(top_k);
    const std::int64_t c =
        filler.add_case(1, 1, "sparsity", fmt::format(R"({{"top_k":{}}})", top_k));
    add_answered(filler, c, top_k == 2 ? 45 : top_k == 1 ? 30 : 44);
    filler.add_value(c, {"prefill_tokens_per_s", 30'000 / k, 200, 20});
    filler.add_value(c, {"decode_tokens_per_s", 240 / std::sqrt(k), 4, 20});
    filler.add_value(c, {"bytes_per_token", 1e7 + 6e6 * k, 0, 1});
    filler.add_value(c, {"flops_per_token", 2e7 + 1.2e7 * k, 0, 1});
    filler.add_value(c, {"experts_touched", k, 0, 1});
    filler.add_value(c, {"load_imbalance", 1.9 - 0.2 * k, 0, 1});
    filler.add_value(c, {"routing_entropy", 0.9, 0, 1});
    filler.add_value(c, {"dead_experts", 0.25, 0, 1});
    for (std::int64_t layer = 0; layer < 4; ++layer) {
      filler.add_value(c, {"load_imbalance", 1.6 - 0.2 * k + 0.2 * static_cast<double>(layer), 0, 1,
                           fmt::format("layer.{}", layer)});
      for (std::int64_t expert = 0; expert < 8; ++expert) {
        filler.insert("routing_count", "case_run, launch, layer, expert, tokens",
                      {c, 1, layer, expert, 1000 + 120 * expert * layer});
      }
    }
  }
}

/// Half of the experts do; a quarter do not.
void add_pruning(Filler& filler) {
  for (const std::int64_t kept : {0, 4, 2}) {
    const std::int64_t c =
        filler.add_case(1, 1, "pruning", fmt::format(R"({{"experts":{}}})", kept));
    add_answered(filler, c, kept == 2 ? 20 : 45 - kept / 4);
    const auto experts = static_cast<double>(kept == 0 ? 8 : kept);
    filler.add_value(c, {"decode_tokens_per_s", 200 - 3 * experts, 4, 20});
    filler.add_value(c, {"predicted_weight_bytes", 12.6e6 + 6e6 * experts, 0, 1});
    filler.add_value(c, {"experts_touched", 2 + experts / 4, 0, 1});
  }
}

/// Layer 1 sorts its experts by subject, layer 3 hardly; the others are dense.
void add_specialisation(Filler& filler) {
  const std::int64_t c = filler.add_case(1, 1, "specialisation", "{}");
  std::int64_t subject = 0;
  for (const std::string task : {"world_capitals", "world_colours", "world_kinship"}) {
    for (std::int64_t document = 0; document < 20; ++document) {
      const std::int64_t other = document % 5 == 0 ? 6 : 7 - subject;
      filler.insert("document", "case_run, task, document, target, facts",
                    {c, task, document, "0",
                     fmt::format(R"({{"attribute": "{}", "experts": [[], [{}, {}], [], [{}, 5]]}})",
                                 document % 4 < 2 ? "age" : "size", subject, other, document % 4)});
    }
    ++subject;
  }
  filler.add_value(c, {"subject_entropy", std::log2(3.0), 0, 60});
  for (const auto& [scope, told] :
       {std::pair("layer.1", 1.3), std::pair("layer.3", 0.0), std::pair("", 0.65)}) {
    filler.add_value(c, {"subject_information", told, 0, 60, scope});
    filler.add_value(c, {"subject_information_by_chance", 0.08, 0, 60, scope});
    filler.add_value(c, {"attribute_information", told + 0.4, 0, 60, scope});
    filler.add_value(c, {"attribute_information_by_chance", 0.3, 0, 60, scope});
  }
  filler.add_value(c, {"attribute_entropy", std::log2(6.0), 0, 60});
}

}  // namespace moe::testing
