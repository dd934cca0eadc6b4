// How a training went, in a few points: what a model card shows.
#pragma once

#include <cstdint>
#include <vector>
#include <nlohmann/json.hpp>

#include "lab/held_out.h"

namespace moe {

struct CurvePoint {
  std::int64_t step = 0;
  double loss = 0;                     // of training, the mean since the point before
  std::vector<HeldOutScore> held_out;  // of all, then by type
  std::vector<double>
      imbalance_L;  // fullest expert over the mean since the point before, by mixture layer
  std::vector<std::int64_t> dead_L;  // experts without a token since then
};

/// What was seen since the last point: sums over steps.
struct CurveTail {
  std::int64_t steps = 0;
  double loss = 0;
  std::vector<std::vector<std::int64_t>> tokens_LE;  // by layer; empty where it has no mixture

  /// The point that it makes at `step`.
  CurvePoint point(std::int64_t step, std::vector<HeldOutScore> held_out) const;
};

struct Curve {
  std::vector<CurvePoint> points;
  CurveTail tail;
};

nlohmann::json to_json(const Curve&);
/// json::exception on anything but what to_json makes.
Curve curve_of(const nlohmann::json&);

}  // namespace moe
