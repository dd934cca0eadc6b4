// Names of checkpoint tensors against the parameters of every config that is bundled.
#include <gtest/gtest.h>

#include <set>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/checkpoint/checkpoint.h"
#include "models/family.h"
#include "models/library.h"

namespace moe {
namespace {

TEST(checkpoint_names, every_parameter_of_every_bundled_config_has_one_of_its_own) {
  for (const std::string_view name : config_names()) {
    const Config config = read_config(required(bundled_config(name), "no config {}", name), name);
    std::set<std::string> tensors;
    for (const ParameterShape& parameter : parameters(config)) {
      EXPECT_TRUE(tensors.insert(checkpoint_name(config.family, parameter.name)).second)
          << name << ": " << parameter.name;
    }
    EXPECT_GT(tensors.size(), config.layers.size()) << name;
  }
}

TEST(checkpoint_names, every_name_of_a_family_is_a_parameter_of_a_bundled_config) {
  std::set<std::string> used;
  for (const std::string_view name : config_names()) {
    const Config config = read_config(required(bundled_config(name), "no config {}", name), name);
    for (const ParameterShape& parameter : parameters(config))
      used.insert(config.family + " " + checkpoint_name(config.family, parameter.name));
  }
  const auto first = [](std::string pattern) {
    for (const std::string_view hole : {"{}", "{e}"}) {
      if (const std::size_t at = pattern.find(hole); at != std::string::npos)
        pattern.replace(at, hole.size(), "0");
    }
    return pattern;
  };
  for (const Family* family : families()) {
    for (const WeightName& weight : family->weights) {
      const std::string name = first(std::string(weight.checkpoint));
      EXPECT_TRUE(used.contains(std::string(family->name) + " " + name))
          << family->name << " " << name;
    }
  }
}

}  // namespace
}  // namespace moe
