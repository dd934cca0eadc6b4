// The definition of the op: one row and head after the other in float64. Slow on purpose. A page
// holds keys [B, G, d] and values [B, G, e].
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/attention/attention.h"

namespace moe {
namespace {

/// Where position `position` of a sequence lies among all pages' tokens.
std::int64_t slot(const AttentionShape& shape, const AttendedRows& sequence,
                  std::int64_t position) {
  const std::int64_t page = sequence.pages[static_cast<std::size_t>(position / shape.B)];
  return page * shape.B + position % shape.B;
}

void write(const AttentionShape& shape, const PagedAttentionArgs& args,
           const AttendedRows& sequence) {
  const std::int64_t key = shape.G * shape.d, value = shape.G * shape.e;
  for (std::int64_t r = 0; r < sequence.rows; ++r) {
    const std::int64_t to = slot(shape, sequence, sequence.position + r);
    std::copy_n(args.k_TGd + (sequence.begin + r) * key, key, args.keys + to * key);
    std::copy_n(args.v_TGe + (sequence.begin + r) * value, value, args.values + to * value);
  }
}

double score(const AttentionShape& shape, const float* q, const float* k) {
  double product = 0;
  for (std::int64_t i = 0; i < shape.d; ++i) product += double{q[i]} * k[i];
  const double scaled = product * shape.scale;
  return shape.softcap > 0 ? shape.softcap * std::tanh(scaled / shape.softcap) : scaled;
}

/// y of one row and head.
void attend(const AttentionShape& shape, const PagedAttentionArgs& args,
            const AttendedRows& sequence, std::int64_t row, std::int64_t head) {
  const std::int64_t group = head / (shape.H / shape.G), t = sequence.begin + row;
  const SeenKeys seen =
      seen_keys(shape, sequence.position + row, sequence.position + sequence.rows);
  std::vector<double> scores;
  for (std::int64_t j = seen.first; j < seen.last; ++j) {
    const float* k = args.keys + (slot(shape, sequence, j) * shape.G + group) * shape.d;
    scores.push_back(score(shape, args.q_THd + (t * shape.H + head) * shape.d, k));
  }
  double largest = shape.sinks ? double{args.sink_H[head]} : scores[0];
  for (const double s : scores) largest = std::isnan(s) ? s : std::max(largest, s);
  double sum = shape.sinks ? std::exp(args.sink_H[head] - largest) : 0;
  std::vector<double> y(static_cast<std::size_t>(shape.e));
  for (std::int64_t j = seen.first; j < seen.last; ++j) {
    const double weight = std::exp(scores[static_cast<std::size_t>(j - seen.first)] - largest);
    const float* v = args.values + (slot(shape, sequence, j) * shape.G + group) * shape.e;
    sum += weight;
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += weight * v[i];
  }
  float* out = args.y_THe + (t * shape.H + head) * shape.e;
  for (std::size_t i = 0; i < y.size(); ++i) out[i] = static_cast<float>(y[i] / sum);
}

void run(const AttentionShape& shape, const PagedAttentionArgs& args, ThreadPool&) {
  for (const AttendedRows& sequence : args.sequences) write(shape, args, sequence);
  for (const AttendedRows& sequence : args.sequences) {
    for (std::int64_t row = 0; row < sequence.rows; ++row) {
      for (std::int64_t head = 0; head < shape.H; ++head) attend(shape, args, sequence, row, head);
    }
  }
}

}  // namespace

extern const PagedAttention attention_reference = {
    .name = "reference",
    .by_target = false,
    .supports = [](const AttentionShape&) { return true; },
    .workspace_bytes = [](const AttentionShape&, std::int64_t, std::int64_t,
                          std::int64_t) { return std::int64_t{0}; },
    .run = run,
};

}  // namespace moe
