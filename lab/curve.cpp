#include "lab/curve.h"

#include "harness/loads.h"

namespace moe {

using nlohmann::json;

CurvePoint CurveTail::point(std::int64_t step, std::vector<HeldOutScore> held_out) const {
  CurvePoint point{.step = step,
                   .loss = loss / static_cast<double>(steps),
                   .held_out = std::move(held_out),
                   .imbalance_L = {},
                   .dead_L = {}};
  for (const std::vector<std::int64_t>& tokens_E : tokens_LE) {
    if (tokens_E.empty()) continue;
    point.imbalance_L.push_back(load_imbalance(tokens_E));
    point.dead_L.push_back(dead_experts(tokens_E));
  }
  return point;
}

json to_json(const Curve& curve) {
  json points = json::array();
  for (const CurvePoint& point : curve.points) {
    json held_out = json::array();
    for (const HeldOutScore& score : point.held_out)
      held_out.push_back({{"type", score.type}, {"loss", score.loss}, {"exact", score.exact}});
    points.push_back({{"step", point.step},
                      {"loss", point.loss},
                      {"held_out", held_out},
                      {"imbalance", point.imbalance_L},
                      {"dead", point.dead_L}});
  }
  return {
      {"points", points},
      {"tail",
       {{"steps", curve.tail.steps}, {"loss", curve.tail.loss}, {"tokens", curve.tail.tokens_LE}}}};
}

Curve curve_of(const json& stored) {
  Curve curve;
  const json& tail = stored.at("tail");
  curve.tail = {.steps = tail.at("steps"), .loss = tail.at("loss"), .tokens_LE = tail.at("tokens")};
  for (const json& point : stored.at("points")) {
    CurvePoint& read = curve.points.emplace_back(CurvePoint{.step = point.at("step"),
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
}

}  // namespace moe
