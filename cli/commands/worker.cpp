// worker: measures the cases of the jobs it reads from standard input; events go to standard output
// (harness/event.h). Started by `run`, not by people.
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <thread>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/failure.h"
#include "harness/build_info.h"
#include "harness/clock.h"
#include "harness/error.h"
#include "harness/memory.h"
#include "models/checkpoint/weights.h"
#include "models/cost.h"
#include "models/decoder/native_engine.h"
#include "suites/kind.h"

namespace moe {
namespace {

class StandardOutput : public EventSink {
 public:
  void send(const Event& event) override {
    const std::string line = to_line(event) + "\n";
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fflush(stdout);
  }
};

/// Why the weights cannot fit, before they are read.
std::optional<Verdict> too_large(const Target& target) {
  const Config config = config_of(target);
  if (device_of(target) != "cpu") return std::nullopt;
  const std::int64_t needed = weight_bytes(config, kept_as(target, config)).total();
  const std::int64_t available = available_bytes();
  if (needed <= available) return std::nullopt;
  return Verdict{Outcome::out_of_memory,
                 fmt::format("the weights take {}, {} are available", text_of_bytes(needed),
                             text_of_bytes(available))};
}

/// While it lives, tells every second how much of the model is in memory, as long as that changes:
/// a parent can tell slow from stuck. Nobody else may send meanwhile.
class LoadingProgress {
 public:
  LoadingProgress(EventSink& sink, std::int64_t total, std::string case_key = "")
      : thread_([&sink, total, case_key = std::move(case_key)](const std::stop_token& stop) {
          std::mutex mutex;
          std::condition_variable_any stopped;
          std::unique_lock lock(mutex);
          std::int64_t told = resident_bytes();
          while (!stopped.wait_for(lock, stop, std::chrono::seconds(1),
                                   [&stop] { return stop.stop_requested(); })) {
            const std::int64_t now = resident_bytes();
            if (now != told) sink.send(Progress{case_key, now, total, "bytes"});
            told = now;
          }
        }) {}

 private:
  std::jthread thread_;
};

/// A second engine for a case, where both fit.
std::unique_ptr<Engine> open_beside(const std::string& spec, const std::string& case_key,
                                    EventSink& sink) {
  const Target target = resolve_target(spec);
  const auto verdict = too_large(target);
  require(!verdict, "not enough memory for {} beside the model of the case: {}", spec,
          verdict.value_or(Verdict{}).reason);
  try {
    const Config config = config_of(target);
    const LoadingProgress progress(sink, weight_bytes(config, kept_as(target, config)).total(),
                                   case_key);
    return open_engine(target);
  } catch (const std::exception& error) {
    throw Error(fmt::format("{}, which is opened beside the model of the case: {}", spec,
                            verdict_of(error).reason),
                std::source_location::current());
  }
}

Verdict run_case(const CaseJob& job, const Job& all, Engine& engine, EventSink& sink) {
  try {
    Suite suite = parse_suite(job.suite_toml, job.suite_name, job.suite_folder);
    if (all.timeout_s > 0) suite.measure.timeout_s = all.timeout_s;
    CaseTask task{
        .suite = &suite,
        .case_key = job.case_key,
        .point = Json::parse(job.point_json),
        .launch = all.launch,
        .limit = all.limit,
        .data_root = all.data_root,
        .done = {},
        .target = all.target,
        .open = [&](const std::string& spec) { return open_beside(spec, job.case_key, sink); }};
    for (const CaseJob::Done& done : job.done) task.done.emplace(done.task, done.document);
    engine.configure({});
    return find_kind(suite.kind).run(task, engine, sink);
  } catch (const Error& error) {
    return {verdict_of(error).outcome, error.what()};  // whole: it is ours
  } catch (const std::exception& error) {              // LibTorch's own, and the allocator's
    return verdict_of(error);
  }
}

/// Does jobs, and keeps the model from one to the next as long as it is the same target's.
class Worker {
 public:
  explicit Worker(EventSink& sink) : sink_(sink) {}

  void run(const Job& job) {
    std::optional<Verdict> failure;
    const bool kept = engine_ && job.target == loaded_;
    if (!kept) failure = load(job.target);
    if (!failure) sink_.send(TargetLoaded{.identity = identity_, .load_s = kept ? 0 : load_s_});
    for (const CaseJob& c : job.cases) {
      sink_.send(CaseStarted{c.case_key});
      sink_.send(CaseEnded{c.case_key, failure ? *failure : run_case(c, job, *engine_, sink_)});
    }
    sink_.send(JobEnded{});
  }

 private:
  /// A verdict where there is no room for it; any other failure is thrown.
  std::optional<Verdict> load(const std::string& spec) {
    engine_.reset();
    const Target target = resolve_target(spec);
    if (const auto verdict = too_large(target)) return verdict;
    const double began = steady_seconds();
    try {
      const Config config = config_of(target);
      const LoadingProgress progress(sink_, weight_bytes(config, kept_as(target, config)).total());
      engine_ = open_engine(target);
    } catch (const std::exception& error) {
      Verdict verdict = verdict_of(error);
      if (verdict.outcome != Outcome::out_of_memory) throw;
      return verdict;
    }
    load_s_ = steady_seconds() - began;
    identity_ = identity_of(target, open_weights(target, config_of(target))->digest());
    loaded_ = spec;
    return std::nullopt;
  }

  EventSink& sink_;
  std::string loaded_, identity_;  // of the engine's target: as the job named it, and what it is
  double load_s_ = 0;
  std::unique_ptr<Engine> engine_;
};

int run(const Arguments&) {
  StandardOutput sink;
  sink.send(Hello{.protocol = kProtocolVersion, .build = build_line()});
  Worker worker(sink);
  for (std::string line; std::getline(std::cin, line);) worker.run(parse_job(line));
  return kDone;
}

}  // namespace

extern const Command worker = {.name = "worker", .summary = "", .run = run};

}  // namespace moe
