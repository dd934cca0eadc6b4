#include "cli/facts.h"

#include <nlohmann/json.hpp>

#include "harness/build_info.h"
#include "models/cost.h"
#include "suites/kind.h"

namespace moe {
namespace {

Json by_part(const ByPart& n) {
  return {{"embedding", n.embedding}, {"attention", n.attention}, {"router", n.router},
          {"experts", n.experts},     {"shared", n.shared},       {"head", n.head},
          {"norms", n.norms}};
}

TargetRow target_row(const PlannedTarget& planned) {
  const Config& config = planned.config;
  const KeptAs weights = kept_as(planned.target, config);
  TargetRow row{.identity = planned.identity,
                .name = planned.target.name,
                .spec = planned.spec,
                .family = config.family,
                .dtype = std::string(name_of(weights)),
                .numerics = numerics_of(planned.target)};
  for (const LayerSpec& layer : config.layers) {
    row.experts = std::max(row.experts, layer.feed_forward.experts);
    row.experts_per_token = std::max(row.experts_per_token, layer.feed_forward.experts_per_token);
  }
  row.parameters_total = parameter_counts(config).total();
  row.parameters_active = active_parameter_counts(config).total();
  row.weight_bytes = weight_bytes(config, weights).total();
  row.facts_json =
      Json{{"parameters", by_part(parameter_counts(config))},
           {"active_parameters", by_part(active_parameter_counts(config))},
           {"active_parameters_with_embedding", active_parameters_with_embedding(config)},
           {"weight_bytes", by_part(weight_bytes(config, weights))},
           {"kv_bytes_per_token",
            kv_bytes_per_token(config, activation_dtype_of(planned.target, config))},
           {"layers", config.layers.size()},
           {"dim", config.dim},
           {"vocabulary", config.vocab},
           {"max_positions", config.max_positions},
           {"device", device_of(planned.target)},
           {"synthetic", planned.target.kind == TargetKind::synthetic}}
          .dump();
  return row;
}

}  // namespace

RunRow run_row(const Plan& plan, const std::string& command) {
  RunRow row{.command = command,
             .build = build_line(),
             .question_limit = plan.limit,
             .timeout_s = plan.timeout_s,
             .environment = this_machine(),
             .suites = {},
             .targets = {},
             .cases = {}};
  for (const Suite& s : plan.suites)
    row.suites.push_back({.name = s.name,
                          .kind = s.kind,
                          .title = s.title,
                          .toml = s.toml,
                          .sha256 = s.sha256,
                          .version = s.version});
  for (const PlannedTarget& target : plan.targets) row.targets.push_back(target_row(target));
  for (const PlannedCase& c : plan.cases) {
    row.cases.push_back({.key = c.key,
                         .point_json = c.point.dump(),
                         .dataset_digest = c.dataset_digest,
                         .suite = c.suite,
                         .target = c.target,
                         .timed = find_kind(plan.suites[c.suite].kind).timed,
                         .launches = c.launches});
  }
  return row;
}

}  // namespace moe
