// serve-steps TARGET: keeps a model loaded and answers one JSON line with another: logits of a
// prompt, seconds of a step and what it has to do, and what the machine can do. Started by
// tools/peers, beside others that answer the same (tools/peers/serving.py), not by people.
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "harness/build_info.h"
#include "harness/error.h"
#include "harness/statistics.h"
#include "harness/thread_pool.h"
#include "kernels/ceilings/ceilings.h"
#include "kernels/packed/target.h"
#include "models/cost.h"
#include "models/decoder/native_engine.h"
#include "suites/timing.h"

namespace moe {
namespace {

using Loops = std::map<std::string, std::unique_ptr<StepLoop>>;  // by the step's own JSON

/// Row by row, as float32.
Json write_logits(Engine& engine, const Json& request) {
  const auto logits = engine.logits(request.at("ids").get<std::vector<TokenId>>());
  const auto path = request.at("file").get<std::string>();
  std::ofstream file(path, std::ios::binary);
  for (const std::vector<float>& row : logits)
    file.write(reinterpret_cast<const char*>(row.data()),
               static_cast<std::streamsize>(row.size() * sizeof(float)));
  require(file.flush().good(), "{}: logits could not be written", path);
  return Json::object();
}

/// What the program is, and how it keeps the model and computes.
Json facts(const Target& target, const Engine& engine) {
  const KeptAs kept = engine.weights();
  return {{"version", build_line()},
          {"instructions", packed_targets().front()},
          {"numerics", numerics_of(target)},
          {"weights", name_of(kept)},
          {"head", name_of(KeptAs(kept.dtype, quantisation_of_head(kept.quantisation)))}};
}

/// Bytes that a step has to move and operations that it has to do, at least, by what it consists
/// of. All bytes together are step_bytes(), all operations step_flops(). `touched` are experts, on
/// the average of mixture layers. "rest" is norms and rows of the embedding.
Json work_of(const Engine& engine, const StepLoad& load, double touched) {
  const Config& config = engine.config();
  const KeptAs kept = engine.weights();
  const DType cached = engine.activation_dtype();
  const std::int64_t tokens = load.batch * load.new_tokens;
  const ByPart read = active_parameter_counts(config), flops = step_flops(config, load);
  StepLoad without = load;
  without.context = 0;
  const double all = step_bytes(config, kept, cached, load, touched),
               all_without = step_bytes(config, kept, cached, without, touched);
  const double cache =
      all - all_without + static_cast<double>(kv_bytes_per_token(config, cached) * tokens);
  const auto attention = static_cast<double>(kept.large_bytes(read.attention));
  const auto router = static_cast<double>(read.router * size_of(kept.dtype));
  const auto head = static_cast<double>(kept.head_bytes(load.scored > 0 ? read.head : 0));
  const auto rest =
      static_cast<double>((read.norms + tokens * read.embedding) * size_of(kept.dtype));
  const std::int64_t projected = 2 * tokens * read.attention;
  const auto part = [](double bytes, std::int64_t operations) -> Json {
    return {{"bytes", bytes}, {"flops", operations}};
  };
  return {{"attention", part(attention, projected)},
          {"cache", part(cache, flops.attention - projected)},
          {"router", part(router, flops.router)},
          {"feed_forward",
           part(all - cache - attention - router - head - rest, flops.experts + flops.shared)},
          {"head", part(head, flops.head)},
          {"rest", part(rest, 0)}};
}

/// As a suite does: checked before it is timed. `variant` is how it computes.
Json prepare(Engine& engine, Loops& loops, const Json& request, const std::string& variant) {
  const Json& step = request.at("step");
  StepShape shape{.batch = step.at("batch"),
                  .context = step.at("context"),
                  .new_tokens = step.at("new_tokens"),
                  .rounds = 0,
                  .ids = {}};
  for (const Json& sequence : request.at("ids"))
    for (const Json& id : sequence) shape.ids.push_back(id);
  shape.rounds = (std::ssize(shape.ids) / shape.batch - shape.context) / shape.new_tokens;
  auto loop = engine.step_loop(shape);
  const double difference = loop->check(), explained = explained_by(engine);
  require(difference <= explained,
          "{}: logits with the cache differ from those without by {:.2g} of the largest; {:.2g} is "
          "explained",
          step.dump(), difference, explained);
  const double seconds = loop->run().seconds;
  const std::vector<double> touched =
      engine.config().is_mixture() ? loop->experts_touched() : std::vector<double>();
  const StepLoad load = load_of({.batch = shape.batch,
                                 .context = shape.context,
                                 .new_tokens = shape.new_tokens,
                                 .scope = ""});
  loops[step.dump()] = std::move(loop);
  return {{"variant", variant},
          {"tried", {{variant, seconds}}},
          {"check_difference", difference},
          {"experts_touched", touched},
          {"work", work_of(engine, load, touched.empty() ? 0 : mean(touched))}};
}

/// As serving.py does.
Json time(StepLoop& loop, const Json& request) {
  const std::int64_t warm_up = request.at("warm_up"), least = request.at("least"),
                     most = request.at("most");
  const double seconds = request.at("seconds");
  for (std::int64_t i = 0; i < warm_up; ++i) loop.run();
  double past = 0;
  std::vector<double> steps;
  while (std::ssize(steps) < least || (std::ssize(steps) < most && past < seconds)) {
    steps.push_back(loop.run().seconds);
    past += steps.back();
  }
  return {{"step_s", steps}};
}

/// What the machine reads and multiplies at most, just now. `bytes` of memory are read, as many as
/// no cache holds where the request has none.
Json ceilings(const Json& request) {
  ThreadPool pool(request.at("threads").get<std::int64_t>());
  const std::int64_t passes = request.at("passes");
  return {
      {"read", measure_read(pool, request.value("bytes", read_buffer_bytes()), passes).rate.value},
      {"multiply_add", measure_multiply_add(pool, "f32", passes).rate.value}};
}

int run(const Arguments& arguments) {
  require(arguments.size() == 1, "expected one argument, the target; found {}", arguments.size());
  const Target target = resolve_target(arguments[0]);
  const auto engine = open_engine(target);
  const std::string variant = "numerics=" + numerics_of(target);
  Loops loops;
  const auto answer = [](const Json& json) { std::cout << json.dump() << '\n' << std::flush; };
  answer(facts(target, *engine));
  for (std::string line; std::getline(std::cin, line);) {
    const Json request = Json::parse(line);
    const auto what = request.at("do").get<std::string>();
    if (what == "logits") {
      answer(write_logits(*engine, request));
    } else if (what == "prepare") {
      answer(prepare(*engine, loops, request, variant));
    } else if (what == "ceilings") {
      answer(ceilings(request));
    } else {
      answer(time(*loops.at(request.at("step").dump()), request));
    }
  }
  return kDone;
}

}  // namespace

extern const Command serve_steps = {.name = "serve-steps", .summary = "", .run = run};

}  // namespace moe
