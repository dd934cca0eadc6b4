// Sequences by lot, what an implementation makes of them in any number of steps, and how far that
// may be from the exact result.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/attention/attention.h"

namespace moe {

class AttentionCase {
 public:
  /// One sequence for each length. The first `shared` tokens of all are the same.
  AttentionCase(const AttentionShape&, const std::vector<std::int64_t>& lengths,
                std::int64_t shared, std::uint64_t seed);

  struct Sequence {
    std::int64_t length = 0;
    std::vector<float> q_LHd, k_LGd, v_LGe;
  };
  AttentionShape shape;
  std::int64_t shared;
  std::vector<Sequence> sequences;  // to be changed
  std::vector<float> sink_H;

  /// Rows of each sequence in one step.
  using StepRows = std::vector<std::int64_t>;

  /// y_LHe of each sequence, on pages in an order by lot. With `share`, whole pages of the shared
  /// tokens are those of the first sequence, which must have written them in an earlier step; the
  /// others begin behind them, and what they skip stays NaN.
  std::vector<std::vector<float>> run(const PagedAttention&, ThreadPool&,
                                      const std::vector<StepRows>& steps, bool share = false) const;

  /// All rows of all sequences in one step.
  std::vector<std::vector<float>> run(const PagedAttention&, ThreadPool&) const;

  /// Of each output how far an implementation of the contract may be from its exact value.
  std::vector<std::vector<double>> bounds() const;

 private:
  void add_bounds(const Sequence&, std::int64_t row, std::int64_t head,
                  std::vector<double>& bounds) const;
  double score_error(double size, double score) const;
};

/// Largest difference from the reference over its bound; 1 is as far as may be. Infinity where what
/// should be a number is none.
double attention_difference(const PagedAttention&);

}  // namespace moe
