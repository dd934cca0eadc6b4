// check: every variant of every operation against its reference on this machine; with --target, the
// model's steps with a cache against those without.
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/print.h"
#include "harness/error.h"
#include "harness/machine.h"
#include "harness/program_folder.h"
#include "kernels/attention/attention_case.h"
#include "kernels/cuda_module.h"
#include "kernels/embedding/difference.h"
#include "kernels/expert_gemm/difference.h"
#include "kernels/linear/difference.h"
#include "kernels/log_softmax_gather/difference.h"
#include "kernels/norm/difference.h"
#include "kernels/packed/target.h"
#include "kernels/residual/difference.h"
#include "kernels/rope/difference.h"
#include "kernels/router/difference.h"
#include "models/decoder/native_engine.h"
#include "suites/timing.h"

namespace moe {
namespace {

constexpr std::string_view kNotRun = "not run: ";

/// Does numerics=fast use it on this machine, and why? The first implementation behind the
/// definition that takes a shape is used, with the best vector instructions.
std::string use_of(bool is_first, std::string_view target, std::string_view best) {
  if (!is_first) return "no: the definition, or behind another";
  if (target != best) return fmt::format("no: {} is better", best);
  return instructions_limit().empty()
             ? "yes: the best instructions here"
             : "yes: the best instructions that MOEBENCH_INSTRUCTIONS leaves";
}

void check_router(Table& table, const Router& router, const CudaApi* cuda) {
  const double worst = router_difference(router, cuda);
  table.rows.push_back({fmt::format("router {}{}, of what rounding explains", router.name,
                                    cuda == nullptr ? "" : " on the GPU"),
                        worst, 1.0,
                        cuda != nullptr ? std::string("no: numerics=reference runs on the GPU")
                        : &router == routers()[1]
                            ? std::string("yes: the first behind the definition")
                            : use_of(false, "", ""),
                        std::string(worst <= 1 ? "ok" : "wrong")});
}

/// Of implementations from vector instructions: the difference in parts of what rounding explains,
/// with each set of vector instructions that this machine has.
template <typename Operation>
void check_vector(Table& table, std::string_view operation,
                  std::span<const Operation* const> implementations,
                  double (*difference)(const Operation&)) {
  const std::vector<std::string> targets = packed_targets();
  for (const Operation* implementation : implementations) {
    if (!implementation->by_target) continue;  // the reference
    for (const std::string& target : targets) {
      const UsePackedTarget use(target);
      const double worst = difference(*implementation);
      table.rows.push_back({fmt::format("{} {} {}, of what rounding explains", operation,
                                        implementation->name, target),
                            worst, 1.0,
                            use_of(implementation == implementations[1], target, targets[0]),
                            std::string(worst <= 1 ? "ok" : "wrong")});
    }
  }
}

void check_kernels(Table& table) {
  check_vector(table, "attention", paged_attentions(), attention_difference);
  check_vector(table, "linear", linears(), linear_difference);
  check_vector(table, "log_softmax_gather", log_softmax_gathers(), log_softmax_gather_difference);
  check_vector(table, "expert_gemm", expert_gemms(), expert_gemm_difference);
  check_vector(table, "norm", norms(), norm_difference);
  check_vector(table, "residual", residuals(), residual_difference);
  check_vector(table, "rope", ropes(), rope_difference);
  check_vector(table, "embedding", embeddings(), embedding_difference);
  for (const Router* router : routers()) check_router(table, *router, nullptr);
  const CudaModule module(program_folder());
  if (module.api() == nullptr) {
    table.rows.push_back(
        {"CUDA kernels", nullptr, nullptr, nullptr, std::string(kNotRun) + module.reason()});
    return;
  }
  for (const Router* router : module.api()->routers) check_router(table, *router, module.api());
}

void check_steps(Table& table, const std::string& spec) {
  const auto engine = open_engine(resolve_target(spec));
  const double bound = explained_by(*engine);
  const std::int64_t room = engine->capabilities().max_tokens;
  for (const auto& [batch, context, fresh] :
       {std::tuple<std::int64_t, std::int64_t, std::int64_t>{2, 0, 64}, {4, 48, 1}, {3, 17, 5}}) {
    if (context + fresh > room) continue;
    const auto loop = engine->step_loop(
        {.batch = batch,
         .context = context,
         .new_tokens = fresh,
         .ids = random_ids(batch * (context + fresh), engine->config().vocab, 11)});
    const double worst = loop->check();
    table.rows.push_back(
        {fmt::format("{}: batch {}, context {}, {} new tokens", spec, batch, context, fresh), worst,
         bound, nullptr, std::string(worst <= bound ? "ok" : "wrong")});
  }
}

int run(const Arguments& arguments) {
  std::vector<std::string> targets;
  bool json = false;
  CLI::App app(
      "Checks every variant of every operation against its reference, and models' cached steps "
      "against uncached ones.",
      "moebench check");
  app.add_option("--target,-t", targets, "models to check as well");
  app.add_flag("--json", json, "JSON Lines");
  if (const auto code = parse(app, arguments)) return *code;
  Table table{.columns = {"what", "difference", "bound", "used by numerics=fast", "verdict"},
              .rows = {}};
  check_kernels(table);
  for (const std::string& target : targets) {
    try {
      check_steps(table, target);
    } catch (const Error& error) {  // the others are checked all the same
      table.rows.push_back(
          {target, nullptr, nullptr, nullptr, fmt::format("failed: {}", error.what())});
    }
  }
  print(table, json, "nothing to check");
  for (const auto& row : table.rows) {
    const std::string verdict = to_text(row.back());
    if (verdict != "ok" && !verdict.starts_with(kNotRun)) return kNotOk;
  }
  return kDone;
}

}  // namespace

extern const Command check = {
    .name = "check",
    .summary = "every kernel against its reference here; a model's cache against none",
    .run = run};

}  // namespace moe
