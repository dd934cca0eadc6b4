// What the `torch` table prepares of a step, once for all of its layers.
//
//   T rows   B sequences attended together   S keys of each   h half of the dims that turn
#pragma once

#include <utility>
#include <vector>

#include "models/decoder/ops.h"

namespace moe {

/// Sequences with as many new rows at the same position, so one batch of matrix products.
struct AttendedBatch {
  std::int64_t rows = 0, position = 0;
  std::vector<std::int64_t> begin;  // first row of each in the step
  std::int64_t first_key = 0;       // position of the first key gathered: no row sees one before
  Tensor slot_BS;                   // of the keys in the cache; undefined: the new rows are all
};

struct AttentionPlan {
  std::vector<AttendedBatch> batches;
  Tensor place_T;  // of a step's row among the batches' rows, one after the other; undefined: same
};

struct RopeTurn {
  Tensor cos_T1h, sin_T1h;
};

class TorchStep final : public TableStep {
 public:
  TorchStep(const StepStart&, const at::TensorOptions& activations);

  /// Error where no layer that the step was begun with is like this.
  const RopeTurn& turn(const RopeSpec&) const;
  const AttentionPlan& plan(const AttentionSpec&) const;

  /// Writes the step's rows of one layer to their slots, where they have any.
  void write(std::int64_t layer, const Tensor& k_TGd, const Tensor& v_TGe) const;
  const KvCache& cache() const { return *cache_; }
  std::int64_t rows() const { return id_T.size(0); }

 private:
  void find_slots(const StepStart&, const at::Device&);

  KvCache* cache_;
  Tensor slot_R_, row_R_;  // of rows that are cached; row_R_ undefined: all
  std::vector<std::pair<RopeSpec, RopeTurn>> turns_;
  std::vector<std::pair<AttentionSpec, AttentionPlan>> plans_;
};

/// Most elements of one table of scores: what stays in a core's cache, or what fills a GPU.
/// Sequences that are alike are attended together, and long ones in pieces, up to that.
std::int64_t score_elements(const at::Device&);

}  // namespace moe
