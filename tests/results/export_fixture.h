// A store with a quiz in it, and its export as JSON.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>
#include <nlohmann/json.hpp>

#include "results/export.h"
#include "results/recorder.h"
#include "tests/results/plans.h"
#include "tests/temporary_folder.h"

namespace moe::testing {

class ExportTest : public ::testing::Test {
 protected:
  /// Runs a plan: each case has two subjects of two questions with two choices, read by two
  /// filters, and values.
  void fill(const RunRow& plan);
  void fill_case(Recorder&, std::int64_t launch, const std::string& key) const;

  std::vector<nlohmann::json> lines(const ExportChoice& = {}) const;
  static std::vector<nlohmann::json> of_kind(const std::vector<nlohmann::json>& all,
                                             const std::string& kind);

  /// What is said of a choice that cannot be exported.
  std::string error(const ExportChoice& choice) const;

  std::string gold_ = "1";
  const TemporaryFolder folder_;
  Store store_{folder_.path() / "a.sqlite"};
};

}  // namespace moe::testing
