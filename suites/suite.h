// A suite is a TOML file: a kind, a version, its axes, its stopping rule, its requirements. Unknown
// keys are errors with file and line. Axes become cases.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>
#include <nlohmann/json.hpp>

namespace moe {

struct Dataset;
using Json = nlohmann::json;

/// How long a timed case is measured.
struct Measure {
  std::int64_t warmup = 3;
  std::int64_t min_samples = 10;
  double below = 0.02;    // stop when the 95 % interval of the median is within this share of it
  double timeout_s = 60;  // of sampling, wall time; for questions: without progress
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
  std::string title;       // one line for `list suites`
  std::string task;        // of its leaf tasks' names; the suite's name where it gives none
  std::vector<Axis> axes;  // in the order of the file
  Measure measure;
  double max_logit_difference = 0;          // relative; 0: what the dtype explains
  std::string dataset, split;               // "" where there are no questions
  std::shared_ptr<const Dataset> own_data;  // in place of a bundled one (data.h)
  Json options = Json::object();            // the kind's own tables: prompt, score, groups, ...
  std::map<std::string, std::int64_t> option_lines;  // of "prompt" and "prompt.answers"
  std::string toml;                                  // stored with the run
  std::string sha256;                                // of it
  std::string file;                                  // "": bundled
  std::string folder;                                // of the file, absolute; "": bundled
};

std::vector<Suite> bundled_suites();
/// A bundled name, or a path that ends in .toml; Error names the bundled ones.
Suite find_suite(std::string_view name_or_file);
/// Error names `name`, line and key of what is wrong. Files that the suite names lie in `folder`.
Suite parse_suite(std::string_view toml, std::string_view name, std::string_view folder = "");

/// Every combination of the axes, as JSON objects; `overrides` replace an axis's values. Error
/// names an axis that the suite has not, or a value that its kind does not take.
std::vector<Json> points(const Suite&, const std::map<std::string, std::vector<Json>>& overrides);

/// The name of a subset's leaf task, or a group's: "mmlu_anatomy". Of a `task` with {subset} in it
/// that is put there; the task itself where there is no subset.
std::string task_name(const Suite&, std::string_view subset);

/// sha256 over suite name and version, target identity, point and dataset digest.
std::string case_key(const Suite&, const Json& point, std::string_view target_identity,
                     std::string_view dataset_digest);

}  // namespace moe
