#include "cli/plan.h"

#include <algorithm>
#include <set>
#include <nlohmann/json.hpp>

#include "datasets/dataset.h"
#include "harness/error.h"
#include "harness/sha256.h"
#include "models/checkpoint/weights.h"
#include "models/target_keys.h"
#include "suites/group.h"
#include "suites/kind.h"

namespace moe {
namespace {

using Keys = std::map<std::string, std::string>;  // of a target

/// Axes of a suite that are changed while a model is loaded, and so stay axes though a target key
/// has the same name.
bool changed_at_run_time(const std::string& axis) {
  return axis == "top_k";
}

bool has_axis(const Suite& suite, std::string_view name) {
  return std::ranges::find(suite.axes, name, &Axis::name) != suite.axes.end();
}

bool is_target_key(std::string_view name) {
  return std::ranges::find(target_keys(), name) != target_keys().end();
}

/// "4" is a number, "bf16" a string, "true" a bool: as TOML would read the word.
Json value_of(const std::string& word) {
  const Json parsed = Json::parse(word, nullptr, /*allow_exceptions=*/false);
  return parsed.is_discarded() || parsed.is_structured() ? Json(word) : parsed;
}

/// What is set for this suite: "batch=1,4" for every suite, "decode.batch=1,4" for one, which comes
/// first.
Settings settings_for(const Suite& suite, const Settings& all) {
  Settings mine;
  const std::string prefix = suite.name + ".";
  for (const auto& [name, values] : all) {
    if (name.find('.') == std::string::npos) mine.insert({name, values});
  }
  for (const auto& [name, values] : all) {
    if (name.starts_with(prefix)) mine.insert_or_assign(name.substr(prefix.size()), values);
  }
  return mine;
}

bool asks_questions(const Suite& suite) {
  return find_kind(suite.kind).questions || is_group(suite);
}

/// Every combination of the settings that are target keys for this suite. What is neither is an
/// axis of another suite.
std::vector<Keys> key_sets(const Suite& suite, const Settings& settings) {
  std::vector<Keys> sets = {{}};
  for (const auto& [name, values] : settings) {
    if (has_axis(suite, name) || !is_target_key(name)) continue;
    std::vector<Keys> longer;
    for (const auto& set : sets) {
      for (const std::string& value : values) {
        longer.push_back(set);
        longer.back()[name] = value;
      }
    }
    sets = std::move(longer);
  }
  return sets;
}

/// What replaces a suite's axes for this target: --set first, then the target's own keys.
std::map<std::string, std::vector<Json>> axis_overrides(const Suite& suite,
                                                        const Settings& settings,
                                                        const Target& target) {
  std::map<std::string, std::vector<Json>> overrides;
  for (const Axis& axis : suite.axes) {
    if (const auto set = settings.find(axis.name); set != settings.end()) {
      for (const std::string& word : set->second) overrides[axis.name].push_back(value_of(word));
    } else if (const auto key = target.keys.find(axis.name); key != target.keys.end()) {
      overrides[axis.name] = {value_of(key->second)};
    }
  }
  return overrides;
}

/// Index of the target with this spec in the plan, which is added when it is new.
std::size_t target_index(Plan& plan, const std::string& spec) {
  const auto found = std::ranges::find(plan.targets, spec, &PlannedTarget::spec);
  if (found != plan.targets.end()) return static_cast<std::size_t>(found - plan.targets.begin());
  Target target = resolve_target(spec);
  Config config = config_of(target);
  const auto weights = open_weights(target, config);
  std::string identity = identity_of(target, weights->digest());
  plan.targets.push_back({spec, std::move(target), std::move(config), std::move(identity)});
  return plan.targets.size() - 1;
}

/// The target keys among a point's axes ("dtype", "numerics"): they belong to the target.
Keys take_target_keys(Json& point) {
  Keys keys;
  for (const std::string_view name : target_keys()) {
    const std::string key(name);
    if (!point.contains(key) || changed_at_run_time(key)) continue;
    keys[key] = point[key].is_string() ? point[key].get<std::string>() : point[key].dump();
    point.erase(key);
  }
  return keys;
}

/// Index of a suite in the plan, which is added when it is new. Cases are known by their suite's
/// name and version: two texts under one name would be taken for each other.
std::size_t suite_index(Plan& plan, const std::string& name_or_file) {
  const Suite suite = find_suite(name_or_file);
  if (!suite.file.empty()) {
    for (const Suite& bundled : bundled_suites())
      require(bundled.name != suite.name || bundled.sha256 == suite.sha256,
              "{}: a bundled suite is called \"{}\" too and has another text: rename the file",
              name_or_file, suite.name);
  }
  const auto found = std::ranges::find(plan.suites, suite.name, &Suite::name);
  require(
      found == plan.suites.end() || found->sha256 == suite.sha256,
      "{}: another suite of this run is called \"{}\" too and has another text: rename one file",
      name_or_file, suite.name);
  if (found != plan.suites.end()) return static_cast<std::size_t>(found - plan.suites.begin());
  plan.suites.push_back(suite);
  return plan.suites.size() - 1;
}

/// Adds the case unless it is there: named twice, as A@top_k=2 beside A with top_k=1,2, it is one.
/// The key tells which it is.
std::string add_case(Plan& plan, PlannedCase planned, std::int64_t launches) {
  const Suite& suite = plan.suites[planned.suite];
  planned.key =
      case_key(suite, planned.point, plan.targets[planned.target].identity, planned.dataset_digest);
  planned.launches = !find_kind(suite.kind).timed ? 1
                     : launches > 0               ? launches
                                                  : suite.measure.launches;
  if (std::ranges::find(plan.cases, planned.key, &PlannedCase::key) == plan.cases.end())
    plan.cases.push_back(planned);
  return planned.key;
}

/// Every combination of target keys that a suite is run with.
std::vector<Keys> target_keys_of(const Suite& suite, const Settings& settings, const Keys& base) {
  std::vector<Keys> out;
  for (const auto& set : key_sets(suite, settings)) {
    Keys& keys = out.emplace_back(base);
    for (const auto& [name, value] : set) keys[name] = value;
  }
  return out;
}

/// What a group is made of, for one target: its members' cases, and what their data are.
struct Members {
  std::vector<std::string> keys;
  std::string data;  // a line each
};

Members add_members(Plan& plan, const Suite& group, std::size_t target) {
  Members members;
  std::string absent;
  for (const GroupMember& member : group_members(group)) {
    for (const GroupChoice& choice : member.choices) {
      const std::size_t index = suite_index(plan, choice.suite);
      const Json point = points(plan.suites[index], choice.axes).front();
      try {
        const std::string digest = data_digest(plan.suites[index], point, plan.data_root);
        members.data += fmt::format("{} {} {} {}\n", choice.suite, plan.suites[index].version,
                                    point.dump(), digest);
        members.keys.push_back(add_case(plan,
                                        {.key = {},
                                         .suite = index,
                                         .target = target,
                                         .point = point,
                                         .dataset_digest = digest,
                                         .members = {}},
                                        0));
      } catch (const Error& error) {  // all of what is not there is named at once
        if (absent.find(error.what()) == std::string::npos)
          absent += fmt::format("{}{}", absent.empty() ? "" : "; ", error.what());
      }
    }
  }
  require(absent.empty(), "suite {}: {}", group.name, absent);
  return members;
}

void add_group(Plan& plan, std::size_t suite_index, const std::string& spec,
               const PlanRequest& request) {
  const Suite group = plan.suites[suite_index];  // a copy: members may be added to the plan
  const Target base = resolve_target(spec);
  const Settings settings = settings_for(group, request.settings);
  for (const Keys& keys : target_keys_of(group, settings, base.keys)) {
    const std::size_t target = target_index(plan, spec_of(base.what, keys));
    const Members members = add_members(plan, group, target);
    add_case(plan,
             {.key = {},
              .suite = suite_index,
              .target = target,
              .point = Json::object(),
              .dataset_digest = sha256_hex(members.data),
              .members = members.keys},
             0);
  }
}

/// Stands for all that a case reads beside its target: data, and another target.
std::string digest_of_inputs(const Suite& suite, const Json& point, const std::string& spec,
                             const std::filesystem::path& data_root) {
  const Kind& kind = find_kind(suite.kind);
  std::string digest = data_digest(suite, point, data_root);
  if (kind.other_target == nullptr) return digest;
  const Target other = resolve_target(kind.other_target(point, spec));
  const auto weights = open_weights(other, config_of(other));
  return sha256_hex(fmt::format("{} {}", digest, identity_of(other, weights->digest())));
}

void add_cases(Plan& plan, std::size_t suite_index, const std::string& spec,
               const PlanRequest& request) {
  const Suite& suite = plan.suites[suite_index];
  const Target base = resolve_target(spec);
  const Settings settings = settings_for(suite, request.settings);
  for (const Keys& keys : target_keys_of(suite, settings, base.keys)) {
    for (Json point : points(suite, axis_overrides(suite, settings, base))) {
      Keys all = keys;
      for (const auto& [name, value] : take_target_keys(point)) all[name] = value;
      for (const Axis& axis : suite.axes) {
        if (changed_at_run_time(axis.name)) all.erase(axis.name);
      }
      const std::size_t target = target_index(plan, spec_of(base.what, all));
      add_case(plan,
               {.key = {},
                .suite = suite_index,
                .target = target,
                .point = point,
                .dataset_digest =
                    digest_of_inputs(suite, point, plan.targets[target].spec, plan.data_root),
                .members = {}},
               request.launches);
    }
  }
}

/// A setting means something to a suite of the plan, or to a target.
void check_setting(const Plan& plan, const std::string& name) {
  const auto named = std::ranges::find_if(
      plan.suites, [&](const Suite& suite) { return name.starts_with(suite.name + "."); });
  const bool is_for_one = named != plan.suites.end();
  require(is_for_one || name.find('.') == std::string::npos,
          "--set {}: no suite \"{}\" is in this run", name, name.substr(0, name.rfind('.')));
  const std::string key = is_for_one ? name.substr(named->name.size() + 1) : name;
  std::set<std::string> axes;
  for (const Suite& suite : plan.suites) {
    if (is_for_one && suite.name != named->name) continue;
    for (const Axis& axis : suite.axes) axes.insert(axis.name);
  }
  require(axes.contains(key) || is_target_key(key),
          "--set {}: expected an axis of the suite ({}) or a key of a target ({})", name,
          axes.empty() ? "it has none" : fmt::format("{}", fmt::join(axes, ", ")),
          fmt::join(target_keys(), ", "));
}

/// The commas between a target's keys divide no values: A@dtype=bf16,top_k=2.
bool continues_target(const std::vector<std::string>& values, const std::string& value) {
  return !values.empty() && values.back().find('@') != std::string::npos &&
         value.find('=') != std::string::npos && value.find('@') == std::string::npos;
}

}  // namespace

Settings parse_settings(const std::vector<std::string>& typed) {
  Settings settings;
  for (const std::string& setting : typed) {
    const std::size_t equals = setting.find('=');
    require(equals != std::string::npos && equals > 0 && equals + 1 < setting.size(),
            "--set {}: expected NAME=VALUE[,VALUE...]", setting);
    std::vector<std::string>& values = settings[setting.substr(0, equals)];
    std::size_t begin = equals + 1;
    while (begin <= setting.size()) {
      const std::size_t end = std::min(setting.find(',', begin), setting.size());
      require(end > begin, "--set {}: an empty value", setting);
      const std::string value = setting.substr(begin, end - begin);
      begin = end + 1;
      if (continues_target(values, value)) {
        values.back() += "," + value;
        continue;
      }
      require(std::ranges::find(values, value) == values.end(), "--set {}: {} is given twice",
              setting, value);
      values.push_back(value);
    }
  }
  return settings;
}

Plan make_plan(const PlanRequest& request) {
  require(!request.suites.empty(), "no suite given; `moebench list suites` shows the bundled ones");
  require(!request.targets.empty(),
          "no target given: --target DIRECTORY, CARD, org/name or synthetic:NAME");
  Plan plan{.suites = {},
            .targets = {},
            .cases = {},
            .data_root = default_data_root(),
            .limit = request.limit,
            .timeout_s = request.timeout_s};
  for (const std::string& name : request.suites) suite_index(plan, name);
  require(request.limit < 0 || std::ranges::any_of(plan.suites, asks_questions),
          "--limit {}: no suite of this run asks questions", request.limit);
  for (const auto& [name, values] : request.settings) check_setting(plan, name);
  const std::size_t named = plan.suites.size();  // members of groups come behind them
  for (std::size_t s = 0; s < named; ++s) {
    for (const std::string& spec : request.targets)
      (is_group(plan.suites[s]) ? add_group : add_cases)(plan, s, spec, request);
  }
  std::ranges::stable_sort(plan.cases, {}, &PlannedCase::target);
  return plan;
}

}  // namespace moe
