#include "lab/curve.h"

#include "harness/error.h"

namespace moe {

using nlohmann::json;

json to_json(const std::vector<CurvePoint>& curve) {
  json points = json::array();
  for (const CurvePoint& point : curve) {
    json held_out = json::array();
    for (const HeldOutScore& score : point.held_out)
      held_out.push_back({{"type", score.type}, {"loss", score.loss}, {"exact", score.exact}});
    points.push_back({{"step", point.step},
                      {"loss", point.loss},
                      {"held_out", held_out},
                      {"imbalance", point.imbalance_L},
                      {"dead", point.dead_L}});
  }
  return points;
}

std::vector<CurvePoint> curve_of(const json& points) {
  try {
    std::vector<CurvePoint> curve;
    for (const json& point : points) {
      CurvePoint& read = curve.emplace_back(CurvePoint{.step = point.at("step"),
                                                       .loss = point.at("loss"),
                                                       .held_out = {},
                                                       .imbalance_L = point.at("imbalance"),
                                                       .dead_L = point.at("dead")});
      for (const json& score : point.at("held_out")) {
        read.held_out.push_back(
            {.type = score.at("type"), .loss = score.at("loss"), .exact = score.at("exact")});
      }
    }
    return curve;
  } catch (const json::exception& error) {
    throw Error(fmt::format("the curve of a training: {}", error.what()),
                std::source_location::current());
  }
}

}  // namespace moe
