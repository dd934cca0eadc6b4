// Timed steps of an engine: check, then time; every sample sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "suites/kind.h"

namespace moe {

/// Seeded random ids of the vocabulary, never one repeated token: on one token a router sends
/// everything to the same experts.
std::vector<TokenId> random_ids(std::int64_t count, std::int64_t vocabulary, std::uint64_t seed);

/// What rounding in a dtype explains of a relative logit difference between two ways to the same
/// result, for models of tens of layers.
double explained_by(DType activations);
/// Nothing where the engine is invariant.
double explained_by(const Engine&);

/// One shape, measured. `scope` is put on its samples ("" or "prefill", "decode").
struct TimedShape {
  std::int64_t batch = 1, context = 0, new_tokens = 1;
  std::string scope;
};

/// The shape as a load: each sequence's last row is scored.
StepLoad load_of(const TimedShape&);

/// Why a shape is not tried: skipped where the model is shorter, out_of_memory where what the step,
/// or those that fill in its context, surely take is not there (the kernel would kill the worker
/// for it).
std::optional<Verdict> cannot_run(const Engine&, const TimedShape&);

/// The verdict of cannot_run; wrong where the check fails, else measured:
/// samples step_s, step_tokens, experts_touched (by layer), step_bytes and step_flops (what a step
/// has to move and to compute at least), check_difference, out_of_time (1: the time was up before
/// the interval was narrow enough), and a document that says what the prompts were.
Verdict time_steps(const CaseTask&, Engine&, EventSink&, const TimedShape&);

/// The values of a suite that times one step: its speed, and the experts it touched.
Summary speed_summary(const CaseRecord&);

/// tokens_per_s (total tokens over total time) and step_s (median) of the samples of a scope. With
/// several launches these are the units that the intervals are over: of the ratio of their totals,
/// and a t-interval of their medians; with one the intervals come from that launch's samples.
void add_speed_values(const CaseRecord&, std::string_view scope, const Metric& rate,
                      const Metric& step, std::vector<Value>& out);

/// The samples of one metric and scope, launch by launch.
std::vector<std::vector<double>> samples_of(const CaseRecord&, std::string_view metric,
                                            std::string_view scope);

/// The one sample of a metric and scope of the first launch that has it; NaN where there is none.
double sample_of(const CaseRecord&, std::string_view metric, std::string_view scope);

/// "layer.3", or "decode.layer.3".
std::string layer_scope(std::string_view prefix, std::size_t layer);

/// Distinct experts touched per step: the mean over layers, and per layer.
void add_touched_values(const CaseRecord&, std::string_view prefix, std::vector<Value>& out);

/// A positive whole number of a case's point; Error names the axis.
std::int64_t axis_of(const Json& point, std::string_view axis);

/// The suite has exactly these axes, with positive whole numbers.
void check_axes(const Suite&, std::span<const std::string_view> axes);

}  // namespace moe
