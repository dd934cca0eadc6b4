// What attention does with one block of keys, for each set of vector instructions that this build
// has.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

namespace moe {

/// Keys whose weights are made together. Blocks begin at multiples of it in the sequence, so that
/// they are the same for every row and step.
inline constexpr std::int64_t kBlockKeys = 64;

/// y[r][c] = sum over k of x[r][k] panel[k][c], added to what is there where `add`: one chain of
/// multiply-adds each (fused where the machine has that), in the order of k, whatever rows and
/// columns are computed with it.
struct StridedProduct {
  const float* panel = nullptr;
  const float* next = nullptr;  // laid out alike, read next: few rows fetch it meanwhile
  std::int64_t panel_stride = 0, inputs = 0, columns = 0;
  std::span<const float* const> x;
  float* y = nullptr;
  std::int64_t y_stride = 0;
  bool add = false;
};
void multiply_strided(const StridedProduct&);

/// A soft-max under way: weights so far are exp(score - largest).
struct RunningSoftmax {
  float largest = -std::numeric_limits<float>::infinity(), sum = 0;
};

/// How products become scores.
struct ScoreKind {
  float scale = 1, softcap = 0;
};

/// Takes the kBlockKeys products of a row with a block's keys, of which [first, last) are seen,
/// into the soft-max, and puts weights in their place, 0 for the others. Returns by what earlier
/// weights are to be multiplied.
float soften_block(const ScoreKind&, std::int64_t first, std::int64_t last, float* products,
                   RunningSoftmax&);

}  // namespace moe
