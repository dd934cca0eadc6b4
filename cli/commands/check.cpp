// check: every variant of every operation against its reference on this machine; with --target, the
// model's steps with a cache against those without.
#include <CLI/CLI.hpp>
#include <cmath>
#include <random>

#include "cli/command.h"
#include "cli/print.h"
#include "harness/error.h"
#include "kernels/cuda_module.h"
#include "models/decoder/native_engine.h"
#include "suites/timing.h"

namespace moe {
namespace {

constexpr TopkRouterShape kShapes[] = {{64, 8, 2, true}, {64, 64, 8, false}, {64, 128, 8, true}};

struct Choice {
  std::vector<float> weight_TK;
  std::vector<std::int32_t> expert_TK;
};

Choice choose(const TopkRouter& router, const TopkRouterShape& shape,
              const std::vector<float>& logits) {
  Choice choice{std::vector<float>(static_cast<std::size_t>(shape.T * shape.K)),
                std::vector<std::int32_t>(static_cast<std::size_t>(shape.T * shape.K))};
  router.run(shape, {logits.data(), choice.weight_TK.data(), choice.expert_TK.data()}, nullptr);
  return choice;
}

/// Largest difference of a weight over all shapes; infinity where another expert is chosen.
double difference(const TopkRouter& router) {
  double worst = 0;
  for (const TopkRouterShape& shape : kShapes) {
    if (!router.supports(shape)) continue;
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    std::vector<float> logits(static_cast<std::size_t>(shape.T * shape.E));
    for (float& x : logits) x = normal(random);
    const Choice expected = choose(*topk_routers()[0], shape, logits),
                 actual = choose(router, shape, logits);
    if (actual.expert_TK != expected.expert_TK) return std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < actual.weight_TK.size(); ++i)
      worst = std::max(worst, std::abs(double{actual.weight_TK[i]} - expected.weight_TK[i]));
  }
  return worst;
}

void check_kernels(Table& table) {
  constexpr double kBound = 1e-6;
  for (const TopkRouter* router : topk_routers()) {
    const double worst = difference(*router);
    table.rows.push_back({fmt::format("topk_router {}", router->name), worst, kBound,
                          std::string(worst <= kBound ? "ok" : "wrong")});
  }
  const CudaModule module(program_folder());
  if (module.api() == nullptr)
    fmt::print(stderr, "CUDA variants were not checked: {}\n", module.reason());
}

void check_steps(Table& table, const std::string& spec) {
  const auto engine = open_engine(resolve_target(spec));
  const double bound = explained_by(engine->dtype());
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
         bound, std::string(worst <= bound ? "ok" : "wrong")});
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
  Table table{.columns = {"what", "difference", "bound", "verdict"}, .rows = {}};
  check_kernels(table);
  for (const std::string& target : targets) check_steps(table, target);
  print(table, json, "nothing to check");
  for (const auto& row : table.rows) {
    if (to_text(row[3]) != "ok") return kNotOk;
  }
  return kDone;
}

}  // namespace

extern const Command check = {
    .name = "check",
    .summary = "every kernel against its reference here; a model's cache against none",
    .run = run};

}  // namespace moe
