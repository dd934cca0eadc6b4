// What the `cpu` table prepares of a step, once for all of its layers.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "kernels/attention/attention.h"
#include "models/decoder/cpu_work.h"
#include "models/decoder/kv_cache.h"
#include "models/decoder/ops.h"

namespace moe {

struct CpuTurn {
  std::vector<float> frequency_h;  // of the pairs that turn
  std::vector<float> cos_Th, sin_Th;
};

/// Sequences whose keys and values lie in the same memory.
struct AttendedPages {
  std::span<const AttendedRows> sequences;
  std::int64_t tokens_per_page = 0;
  float *keys = nullptr, *values = nullptr;  // of a layer
};

class CpuStep final : public TableStep {
 public:
  /// Prepares a step; memory of the last one serves again where it can.
  void begin(const StepStart&, CpuWork&);
  std::int64_t bytes() const override;

  std::int64_t rows() const { return id_T.size(0); }
  /// Error where no layer that the step was begun with is like this.
  const CpuTurn& turn(const RopeSpec&) const;
  /// Those on pages of the cache, and those without, which get pages for the step; either may be
  /// none.
  AttendedPages cached(std::int64_t layer) const;
  AttendedPages uncached(const AttentionSpec&) const;
  /// Rows of x that were asked for.
  Tensor asked(const Tensor& x_TD, KeptTensors&) const;

 private:
  void take_rows(const StepStart&, KeptTensors&);
  void find_turns(const StepStart&, ThreadPool&);
  void add(const StepSequence&, std::int64_t begin, std::int64_t first_key);

  KvCache* cache_ = nullptr;
  std::vector<AttendedRows> cached_, uncached_;
  std::vector<std::int32_t> own_pages_;  // 0, 1, ...: one range for each that is not cached
  std::int64_t own_count_ = 0;
  mutable KeptMemory own_keys_, own_values_;  // of the layer that is attended
  std::vector<std::int64_t> positions_;       // of the rows
  std::vector<std::pair<RopeSpec, CpuTurn>> turns_;
};

}  // namespace moe
