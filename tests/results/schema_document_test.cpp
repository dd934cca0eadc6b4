// docs/store.md is the schema's own comments.
#include "results/schema_document.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/temporary_folder.h"

namespace moe {
namespace {

TEST(schema_document, is_docs_store_md) {
  const std::filesystem::path file = MOE_SOURCE_DIR "/docs/store.md";
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it
  if (std::getenv("MOEBENCH_APPROVE") != nullptr)
    std::ofstream(file, std::ios::binary) << schema_document();
  EXPECT_EQ(text_of(file), schema_document())
      << "run this test with MOEBENCH_APPROVE=1 to write docs/store.md anew";
}

TEST(schema_document, explains_every_table_and_view) {
  const std::string text = schema_document();
  for (const std::string name : {"environment",
                                 "target",
                                 "suite",
                                 "run",
                                 "launch",
                                 "case",
                                 "case_run",
                                 "case_launch",
                                 "metric",
                                 "value",
                                 "sample",
                                 "document",
                                 "answer",
                                 "routing_count",
                                 "log",
                                 "result (view)",
                                 "routing (view)",
                                 "newest (view)",
                                 "training",
                                 "training_value",
                                 "training_load",
                                 "training_progress (view)",
                                 "ceiling",
                                 "newest_ceiling (view)"}) {
    const std::size_t at = text.find("## " + name + "\n\n");
    ASSERT_NE(at, std::string::npos) << name;
    EXPECT_NE(text.at(at + name.size() + 5), '\n') << name << " has no comment";
  }
}

TEST(schema_document, explains_what_may_be_null) {
  EXPECT_NE(schema_document().find("| `ended_at` | TEXT, may be null | null: unfinished"),
            std::string::npos);
}

}  // namespace
}  // namespace moe
