#include "suites/suite.h"

#include <algorithm>
#include <filesystem>

#include "harness/embedded.h"
#include "harness/error.h"
#include "harness/json_text.h"
#include "harness/sha256.h"
#include "suites/kind.h"

namespace moe {

extern const std::span<const EmbeddedFile> kSuites;  // suites/*.toml

namespace {

constexpr std::size_t kMostPoints = 100000;

std::string known_suites() {
  std::string out;
  for (const EmbeddedFile& file : kSuites)
    out += fmt::format("{}{}", out.empty() ? "" : ", ", file.name);
  return out;
}

/// The suite with its axes' values replaced; its kind judges them as it judges a file's.
Suite with_axes(Suite suite, const std::map<std::string, std::vector<Json>>& overrides) {
  std::string known;
  for (const Axis& axis : suite.axes)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", axis.name);
  for (const auto& [name, values] : overrides) {
    const auto axis = std::ranges::find(suite.axes, name, &Axis::name);
    require(axis != suite.axes.end(), "suite {}: no axis \"{}\"; its axes are {}", suite.name, name,
            known.empty() ? "none" : known);
    require(!values.empty(), "suite {}: axis {}: expected at least one value", suite.name, name);
    axis->values = values;
  }
  if (overrides.empty()) return suite;
  try {
    find_kind(suite.kind).check(suite);
  } catch (const Error& error) {
    throw error.while_doing(fmt::format("suite {}", suite.name));
  }
  return suite;
}

}  // namespace

std::vector<Suite> bundled_suites() {
  std::vector<Suite> out;
  for (const EmbeddedFile& file : kSuites) out.push_back(parse_suite(file.text, file.name));
  return out;
}

Suite find_suite(std::string_view name) {
  if (name.ends_with(".toml")) {
    const std::filesystem::path file = name;
    try {
      Suite suite = parse_suite(read_text(file), file.stem().string(),
                                std::filesystem::absolute(file).parent_path().string());
      suite.file = name;
      return suite;
    } catch (const Error& error) {
      const bool named = std::string_view(error.what()).starts_with(name);
      throw named ? error : error.while_doing(file.string());
    }
  }
  const auto found = std::ranges::find(kSuites, name, &EmbeddedFile::name);
  require(found != kSuites.end(), "no suite \"{}\"; bundled are {}; a file's name ends in .toml",
          name, known_suites());
  return parse_suite(found->text, found->name);
}

std::vector<Json> points(const Suite& suite,
                         const std::map<std::string, std::vector<Json>>& overrides) {
  const Suite changed = with_axes(suite, overrides);
  for (const Axis& axis : changed.axes) {
    for (const Json& value : axis.values)
      require(std::ranges::count(axis.values, value) == 1,
              "suite {}: axis {}: {} comes more than once", suite.name, axis.name, value.dump());
  }
  std::vector<Json> all = {Json::object()};
  for (const Axis& axis : changed.axes) {
    std::vector<Json> longer;
    for (const Json& point : all) {
      for (const Json& value : axis.values) {
        longer.push_back(point);
        longer.back()[axis.name] = value;
      }
    }
    all = std::move(longer);
    require(all.size() <= kMostPoints, "suite {}: more than {} cases", suite.name, kMostPoints);
  }
  return all;
}

std::string task_name(const Suite& suite, std::string_view subset) {
  constexpr std::string_view kPlace = "{subset}";
  const std::size_t at = suite.task.find(kPlace);
  if (at != std::string::npos) return std::string(suite.task).replace(at, kPlace.size(), subset);
  return subset.empty() ? suite.task : fmt::format("{}_{}", suite.task, subset);
}

std::string case_key(const Suite& suite, const Json& point, std::string_view target_identity,
                     std::string_view dataset_digest) {
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}\n{}", suite.name, suite.version, target_identity,
                                point.dump(), dataset_digest));
}

}  // namespace moe
