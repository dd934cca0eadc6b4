// A suite is a TOML file: a kind, a version, its axes, its stopping rule, its requirements. Unknown
// keys are errors with file and line. Axes become cases.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <nlohmann/json_fwd.hpp>

namespace moe {

using Json = nlohmann::json;

/// How long a timed case is measured.
struct Measure {
  std::int64_t warmup = 3;
  std::int64_t min_samples = 10;
  double below = 0.02;    // stop when the 95 % interval of the median is within this share of it
  double timeout_s = 60;  // of sampling, wall time; accuracy suites: without progress
  std::int64_t launches = 1;
};

struct Axis {
  std::string name;
  std::vector<Json> values;
};

struct Suite {
  std::string name;
  std::string kind;
  std::int64_t version = 1;
  std::string title;  // one line for `list suites`
  std::vector<Axis> axes;
  Measure measure;
  double max_logit_difference = 0;   // [require]; 0: what the dtype explains
  std::string dataset, split;        // accuracy kinds
  std::vector<std::string> subsets;  // leaf tasks, in order
  Json options;                      // the kind's own tables: [prompt], [score], [groups], ...
  std::string toml;                  // the resolved text, stored with the run
  std::string sha256;                // of it
};

/// One point of a suite on one target.
struct Case {
  std::string key;  // sha256 over suite name, version, target identity, point and dataset digest
  std::string suite;
  std::int64_t suite_version = 1;
  Json point;  // {"batch": 8, "context": 2048}
};

std::vector<Suite> bundled_suites();
Suite find_suite(std::string_view name_or_file);  // a bundled name, or a path that ends in .toml
Suite parse_suite(std::string_view toml, std::string_view where);

/// Every combination of the axes, `overrides` (--set axis=v,v) replacing or adding values.
std::vector<Json> points(const Suite&, const std::map<std::string, std::vector<Json>>& overrides);

std::string case_key(const Suite&, const Json& point, std::string_view target_identity,
                     std::string_view dataset_digest);

}  // namespace moe
