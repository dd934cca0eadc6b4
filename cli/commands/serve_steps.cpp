// serve-steps TARGET: keeps a model loaded and answers one JSON line with another: logits of a
// prompt, seconds of a step. Started by tools/peers, beside others that answer the same
// (tools/peers/serving.py), not by people.
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "harness/build_info.h"
#include "harness/error.h"
#include "kernels/packed/target.h"
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

/// As a suite does: checked before it is timed.
Json prepare(Engine& engine, Loops& loops, const Json& request) {
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
  loops[step.dump()] = std::move(loop);
  return {{"variant", "numerics=fast"},
          {"tried", {{"numerics=fast", seconds}}},
          {"check_difference", difference}};
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

int run(const Arguments& arguments) {
  require(arguments.size() == 1, "expected one argument, the target; found {}", arguments.size());
  const auto engine = open_engine(resolve_target(arguments[0]));
  Loops loops;
  const auto answer = [](const Json& json) { std::cout << json.dump() << '\n' << std::flush; };
  answer({{"version", build_line()}, {"instructions", packed_targets().front()}});
  for (std::string line; std::getline(std::cin, line);) {
    const Json request = Json::parse(line);
    const auto what = request.at("do").get<std::string>();
    if (what == "logits") {
      answer(write_logits(*engine, request));
    } else if (what == "prepare") {
      answer(prepare(*engine, loops, request));
    } else {
      answer(time(*loops.at(request.at("step").dump()), request));
    }
  }
  return kDone;
}

}  // namespace

extern const Command serve_steps = {.name = "serve-steps", .summary = "", .run = run};

}  // namespace moe
