// `report pair` on the made-up store, and what stands in it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "reports/article.h"
#include "tests/reports/fixture.h"

namespace moe::testing {

class Pair : public ::testing::Test {
 protected:
  void SetUp() override { fill(temporary_.store()); }

  void sql(const std::string& statement) { temporary_.store().query(statement); }

  Article article(const std::string& moe = kMixture, const std::string& dense = kDense) {
    return build_article(find_report("pair"), temporary_.store(), {{"moe", moe}, {"dense", dense}});
  }

  std::string short_text() { return std::get<Prose>(article().blocks.at(0)).markdown; }

  bool has(const std::string& caption) {
    const Article all = article();
    return std::ranges::any_of(all.blocks, [&](const auto& block) {
      const auto* exhibit = std::get_if<Exhibit>(&block);
      return exhibit != nullptr && exhibit->caption.starts_with(caption);
    });
  }

  Table table(const std::string& caption) {
    const Article all = article();
    for (const auto& block : all.blocks) {
      const auto* exhibit = std::get_if<Exhibit>(&block);
      if (exhibit != nullptr && exhibit->caption.starts_with(caption)) return exhibit->table;
    }
    ADD_FAILURE() << "no exhibit " << caption;
    return {};
  }

  TemporaryStore temporary_;
};

inline bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The cells of one column.
inline std::vector<Cell> column(const Table& table, std::string_view name) {
  std::vector<Cell> cells;
  const auto at =
      static_cast<std::size_t>(std::ranges::find(table.columns, name) - table.columns.begin());
  for (const auto& row : table.rows) cells.push_back(row.at(at));
  return cells;
}

}  // namespace moe::testing
