// What a run is going to do: suites × targets × --set, as cases grouped by target.
//
// --set overrides a target key, which overrides a suite's axis. A name that is an axis of the suite
// sets the axis; any other must be a target key, and then every value makes a target of its own.
// The cases of a group's members are planned before it, at the axes that the group gives them,
// which --set does not change.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "models/config.h"
#include "models/target.h"
#include "suites/suite.h"

namespace moe {

/// --set as typed: "top_k=1,2,4" is {"top_k", ["1", "2", "4"]}.
using Settings = std::map<std::string, std::vector<std::string>>;

Settings parse_settings(const std::vector<std::string>& typed);

struct PlannedTarget {
  std::string spec;  // as a worker resolves it, --set included
  Target target;
  Config config;
  std::string identity;
};

struct PlannedCase {
  std::string key;
  std::size_t suite = 0, target = 0;  // indices into the plan's lists
  Json point;
  std::string dataset_digest;
  std::int64_t launches = 1;
  std::vector<std::string> members;  // of a group: the keys of the cases that it is made of
};

struct Plan {
  std::vector<Suite> suites;
  std::vector<PlannedTarget> targets;
  std::vector<PlannedCase> cases;  // by target, then suite, then point
  std::filesystem::path data_root;
  std::int64_t limit = -1;
  double timeout_s = 0;  // that a timed case may sample; 0: as the suites say
};

struct PlanRequest {
  std::vector<std::string> suites, targets;
  Settings settings;
  std::int64_t limit = -1;
  std::int64_t launches = 0;  // 0: as the suites say
  double timeout_s = 0;       // 0: as the suites say
};

/// Resolves and checks everything that can be wrong before a process is started: suites, targets,
/// configs, weights' headers, datasets and their digests.
Plan make_plan(const PlanRequest&);

}  // namespace moe
