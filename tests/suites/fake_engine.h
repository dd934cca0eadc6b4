// An engine without a model: log-likelihoods from the ids, steps whose times are written down
// beforehand. And a sink that keeps what it is sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "harness/error.h"
#include "harness/event.h"
#include "models/engine/engine.h"
#include "models/tokenizer/tokenizer.h"
#include "tests/models/tiny_model.h"

namespace moe {

class ListSink final : public EventSink {
 public:
  void send(const Event& event) override { events_.push_back(event); }

  const std::vector<Event>& events() const { return events_; }

  template <typename T>
  std::vector<T> all() const {
    std::vector<T> out;
    for (const Event& event : events_) {
      if (const T* one = std::get_if<T>(&event)) out.push_back(*one);
    }
    return out;
  }

  /// Values of the samples of a metric and scope, in the order they came.
  std::vector<double> samples(std::string_view metric, std::string_view scope = "") const {
    std::vector<double> out;
    for (const Sample& sample : all<Sample>()) {
      if (sample.metric == metric && sample.scope == scope) out.push_back(sample.value);
    }
    return out;
  }

 private:
  std::vector<Event> events_;
};

/// What every step loop of a FakeEngine does.
struct FakeSteps {
  std::vector<double> seconds = {0.01};  // one after the other, then from the start
  double difference = 0;                 // what check() gives
  std::int64_t runs = 0;                 // counted
};

class FakeEngine final : public Engine {
 public:
  explicit FakeEngine(const Config& config) : config_(config) {
    capabilities_.log_likelihood = capabilities_.generation = capabilities_.step_timings =
        capabilities_.routing = true;
    capabilities_.max_tokens = config.max_positions;
  }

  FakeSteps steps;
  double offset = 0;              // added to all log-likelihoods
  double by_neighbour = 0;        // added for each request that is asked in the same call
  std::int64_t expert_shift = 0;  // added to the experts of the last layer; turns logits
  float sharpness = 0.1F;         // of logits
  double step_s = 0;              // that a step of questions takes
  bool counts = false;            // one token for each request, all to one expert
  ExpertLoads loads = {{3, 1}, {}, {2, 2}};
  std::vector<StepShape> shapes;
  std::vector<std::int64_t> top_k_set;  // 0: back to the target's
  std::vector<RemovedExperts> removed_set;
  std::int64_t requests_scored = 0;
  std::int64_t available = std::int64_t{1} << 40U;

  void set_invariant(bool invariant) { capabilities_.invariant = invariant; }
  const Capabilities& capabilities() const override { return capabilities_; }
  KeptAs weights() const override { return DType::f32; }
  DType activation_dtype() const override { return DType::f32; }
  const Config& config() const override { return config_; }
  const Tokenizer& tokenizer() const override { return tokenizer_; }
  void configure(const Overrides& o) override {
    top_k_set.push_back(o.top_k.value_or(0));
    removed_set.push_back(o.removed);
  }

  /// A number that only the request's ids decide, between -20 and 0.
  static double log_likelihood(const Request& request) {
    std::uint64_t hash = 7;
    for (const auto* ids : {&*request.context_ids, &request.continuation_ids}) {
      for (const TokenId id : *ids) hash = hash * 1099511628211ULL + static_cast<unsigned>(id);
    }
    return -static_cast<double>((hash >> 20U) % 20000) / 1000;
  }

  void score(std::span<const Request> requests, const Answered& answered,
             const std::function<void()>& stepped) override {
    constexpr std::size_t kStep = 8;
    for (std::size_t left = requests.size(); left > 0;) {  // any order may be given
      const std::size_t begin = (left - 1) / kStep * kStep;
      routed_ += static_cast<std::int64_t>(left - begin);
      std::this_thread::sleep_for(std::chrono::duration<double>(step_s));
      while (left-- > begin) {
        Scored scored;
        scored.log_likelihood = log_likelihood(requests[left]) + offset +
                                by_neighbour * static_cast<double>(requests.size());
        answered(left, scored);
        ++requests_scored;
      }
      left = begin;
      if (stepped) stepped();
    }
  }
  void generate(std::span<const Request>, const Answered&) override {}
  /// What follows a token depends on that one alone.
  std::vector<std::vector<float>> logits(std::span<const TokenId> ids) override {
    std::vector<std::vector<float>> rows;
    for (const TokenId id : ids) {
      std::vector<float>& row = rows.emplace_back();
      for (std::int64_t v = 0; v < config_.vocab; ++v)
        row.push_back(sharpness *
                      static_cast<float>((std::int64_t{31} * id + 7 * v + expert_shift) % 257));
    }
    return rows;
  }

  std::unique_ptr<StepLoop> step_loop(const StepShape& shape) override {
    shapes.push_back(shape);
    return std::make_unique<Loop>(steps, shape);
  }
  MemoryUse memory() const override {
    MemoryUse use;
    use.weight_bytes = {{"experts", 1000}, {"head", 24}};
    use.kv_bytes_per_token = 64;
    use.available_bytes = available;
    return use;
  }
  std::int64_t workspace_bytes(const StepLoad& load) const override {
    return least_workspace_bytes(config_, DType::f32, load);
  }
  /// One expert in the first layer by the length of the context, two in the last by its first id.
  std::vector<ChosenExperts> route(std::span<const Request> requests) override {
    std::vector<ChosenExperts> out;
    for (const Request& request : requests) {
      const std::int64_t length = std::ssize(*request.context_ids), id = request.context_ids->at(0);
      out.push_back({{length % 4}, {}, {id % 4 + expert_shift, 4 + id % 4}});
    }
    return out;
  }
  ExpertLoads expert_loads() const override {
    if (counts) return {{routed_}};
    return loads;
  }
  void reset_expert_loads() override { routed_ = 0; }

 private:
  std::int64_t routed_ = 0;

  class Loop final : public StepLoop {
   public:
    Loop(FakeSteps& fake, const StepShape& shape) : fake_(fake), shape_(shape) {}
    StepReading run() override {
      const std::size_t at = static_cast<std::size_t>(fake_.runs++) % fake_.seconds.size();
      return {.seconds = fake_.seconds[at], .tokens = shape_.batch * shape_.new_tokens};
    }
    double check() override { return fake_.difference; }
    std::vector<double> experts_touched() override { return {4, 2}; }

   private:
    FakeSteps& fake_;
    StepShape shape_;
  };

  Config config_;
  Capabilities capabilities_;
  Tokenizer tokenizer_ = Tokenizer::bytes();
};

/// A mixture that reads bytes and takes long prompts.
inline Config fake_config(std::int64_t experts = 8) {
  Config config = tiny_config({.experts = experts, .vocab = 258});
  config.max_positions = 8192;
  return config;
}

}  // namespace moe
