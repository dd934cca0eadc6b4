// A store with plausible rows: two models through every suite, a run that went badly, and text that
// would do harm in a page if it were not escaped.
#pragma once

#include <filesystem>

#include "results/store.h"

namespace moe::testing {

inline constexpr const char* kMixture = "small-8x";
inline constexpr const char* kDense = "small-dense";
inline constexpr const char* kHostile = "<script>alert('x')</script>|*`[a](javascript:b)";

/// A file of its own in the temporary folder, removed at the end.
class TemporaryStore {
 public:
  TemporaryStore();
  ~TemporaryStore();
  TemporaryStore(const TemporaryStore&) = delete;
  TemporaryStore& operator=(const TemporaryStore&) = delete;

  const Store& store() const { return store_; }

 private:
  std::filesystem::path folder_;
  Store store_;
};

/// Run 1: everything, both models. Run 2: the mixture alone, with cases that are not ok.
void fill(const Store&);

}  // namespace moe::testing
