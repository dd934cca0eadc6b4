// check: every variant of every operation against its reference on this machine; with --target, the
// model's steps with a cache against those without.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <tuple>

#include "cli/command.h"
#include "cli/failure.h"
#include "cli/print.h"
#include "harness/error.h"
#include "harness/machine.h"
#include "harness/outcome.h"
#include "harness/program_folder.h"
#include "kernels/attention/attention_case.h"
#include "kernels/choice.h"
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

/// One thing that was checked, or was to be.
struct Checked {
  std::string what;
  Cell difference = nullptr, bound = nullptr;  // null where nothing was compared
  Cell used = nullptr;                         // null of what is no variant
  Verdict verdict;
};

Verdict within(double difference, double bound) {
  return {difference <= bound ? Outcome::ok : Outcome::wrong, ""};
}

/// "ok", "not run: no GPU", "out of memory: ...".
std::string text_of(const Verdict& verdict) {
  std::string text(verdict.outcome == Outcome::skipped ? "not run" : name_of(verdict.outcome));
  std::ranges::replace(text, '_', ' ');
  return verdict.reason.empty() ? text : text + ": " + verdict.reason;
}

/// Does numerics=fast use it on this machine, and why?
std::string use_of(bool is_first_choice, std::string_view target, std::string_view best) {
  if (!is_first_choice) return "no: the definition, or behind another";
  if (target != best) return fmt::format("no: {} is better", best);
  return instructions_limit().empty()
             ? "yes: the best instructions here"
             : "yes: the best instructions that MOEBENCH_INSTRUCTIONS leaves";
}

void check_router(std::vector<Checked>& all, const Router& router, const CudaApi* cuda) {
  const double worst = router_difference(router, cuda);
  const bool is_first_choice = &router == choices(routers()).front();
  all.push_back({.what = fmt::format("router {}{}, of what rounding explains", router.name,
                                     cuda == nullptr ? "" : " on the GPU"),
                 .difference = worst,
                 .bound = 1.0,
                 .used = cuda != nullptr   ? "no: numerics=reference runs on the GPU"
                         : is_first_choice ? "yes: the first behind the definition"
                                           : use_of(false, "", ""),
                 .verdict = within(worst, 1)});
}

/// Of implementations from vector instructions: the difference in parts of what rounding explains,
/// with each set of vector instructions that this machine has.
template <typename Operation>
void check_vector(std::vector<Checked>& all, std::string_view operation,
                  std::span<const Operation* const> implementations,
                  double (*difference)(const Operation&)) {
  const std::vector<std::string> targets = packed_targets();
  for (const Operation* implementation : implementations) {
    if (!implementation->by_target) continue;  // the reference
    for (const std::string& target : targets) {
      const UsePackedTarget use(target);
      const double worst = difference(*implementation);
      all.push_back({.what = fmt::format("{} {} {}, of what rounding explains", operation,
                                         implementation->name, target),
                     .difference = worst,
                     .bound = 1.0,
                     .used = use_of(implementation == choices(implementations).front(), target,
                                    targets.front()),
                     .verdict = within(worst, 1)});
    }
  }
}

void check_kernels(std::vector<Checked>& all) {
  check_vector(all, "attention", paged_attentions(), attention_difference);
  check_vector(all, "linear", linears(), linear_difference);
  check_vector(all, "log_softmax_gather", log_softmax_gathers(), log_softmax_gather_difference);
  check_vector(all, "expert_gemm", expert_gemms(), expert_gemm_difference);
  check_vector(all, "norm", norms(), norm_difference);
  check_vector(all, "residual", residuals(), residual_difference);
  check_vector(all, "rope", ropes(), rope_difference);
  check_vector(all, "embedding", embeddings(), embedding_difference);
  for (const Router* router : routers()) check_router(all, *router, nullptr);
  const CudaModule module(program_folder());
  if (module.api() == nullptr) {
    all.push_back({.what = "CUDA kernels", .verdict = {Outcome::skipped, module.reason()}});
    return;
  }
  for (const Router* router : module.api()->routers) check_router(all, *router, module.api());
}

/// Steps of several kinds, each cut to what the model takes: of the context first, so that a model
/// of two positions still has one of each.
void check_steps(std::vector<Checked>& all, const std::string& spec, const Target& target) {
  const auto engine = open_engine(target);
  const double bound = explained_by(*engine);
  const std::int64_t room = engine->capabilities().max_tokens;
  for (const auto& [batch, longest, most] :
       {std::tuple<std::int64_t, std::int64_t, std::int64_t>{2, 0, 64}, {4, 48, 1}, {3, 17, 5}}) {
    const std::int64_t context = std::min(longest, room - 1),
                       fresh = std::min(most, room - context);
    const auto loop = engine->step_loop(
        {.batch = batch,
         .context = context,
         .new_tokens = fresh,
         .ids = random_ids(batch * (context + fresh), engine->config().vocab, 11)});
    const double worst = loop->check();
    all.push_back({.what = fmt::format("{}: batch {}, context {}, {} new tokens", spec, batch,
                                       context, fresh),
                   .difference = worst,
                   .bound = bound,
                   .verdict = within(worst, bound)});
  }
}

/// What fails is said of `what`; the others are checked all the same, and what was found is kept.
template <typename Check>
void check_or_fail(std::vector<Checked>& all, const std::string& what, const Check& check) {
  try {
    check();
  } catch (const Error& error) {
    all.push_back({.what = what, .verdict = {Outcome::failed, error.what()}});
  } catch (const std::exception& error) {  // LibTorch's own, and the allocator's
    all.push_back({.what = what, .verdict = verdict_of(error)});
  }
}

Table table_of(const std::vector<Checked>& all) {
  Table table{.columns = {"what", "difference", "bound", "used by numerics=fast", "verdict"},
              .rows = {}};
  for (const Checked& c : all)
    table.rows.push_back({c.what, c.difference, c.bound, c.used, text_of(c.verdict)});
  return table;
}

int run(const Arguments& arguments) {
  std::vector<std::string> specs;
  bool json = false;
  CLI::App app(
      "Checks every variant of every operation against its reference, and models' cached steps "
      "against uncached ones.",
      "moebench check");
  app.add_option("--target,-t", specs, "models to check as well");
  app.add_flag("--json", json, "JSON Lines");
  if (const auto code = parse(app, arguments)) return *code;
  std::vector<Target> targets;  // before anything is checked: a mistyped one is wrong usage
  targets.reserve(specs.size());
  for (const std::string& spec : specs) targets.push_back(resolve_target(spec));
  std::vector<Checked> all;
  check_or_fail(all, "kernels", [&] { check_kernels(all); });
  for (std::size_t i = 0; i < specs.size(); ++i)
    check_or_fail(all, specs[i], [&] { check_steps(all, specs[i], targets[i]); });
  print(table_of(all), json, "nothing to check");
  const bool is_fine = std::ranges::all_of(all, [](const Checked& c) {
    return c.verdict.outcome == Outcome::ok || c.verdict.outcome == Outcome::skipped;
  });
  return is_fine ? kDone : kNotOk;
}

}  // namespace

extern const Command check = {
    .name = "check",
    .summary = "every kernel against its reference here; a model's cache against none",
    .run = run};

}  // namespace moe
