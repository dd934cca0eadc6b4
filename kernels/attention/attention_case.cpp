#include "kernels/attention/attention_case.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/packed/aligned.h"
#include "kernels/packed/difference.h"
#include "kernels/packed/random_elements.h"

namespace moe {
namespace {

constexpr double kUnit = 0x1p-24;  // of rounding in float32

std::int64_t pages_of(std::int64_t length, std::int64_t B) {
  return (length + B - 1) / B;
}

/// Pages of each sequence; those of the shared tokens are the first one's.
std::vector<std::vector<std::int32_t>> pages_by_lot(const AttentionCase& of, bool share) {
  std::int64_t all = 0;
  for (const auto& sequence : of.sequences) all += pages_of(sequence.length, of.shape.B);
  std::vector<std::int32_t> ids(static_cast<std::size_t>(all));
  std::iota(ids.begin(), ids.end(), 0);
  std::mt19937 random(11);
  std::ranges::shuffle(ids, random);
  std::vector<std::vector<std::int32_t>> pages;
  auto next = ids.begin();
  for (const auto& sequence : of.sequences) {
    const std::int64_t count = pages_of(sequence.length, of.shape.B);
    pages.emplace_back(next, next + count);
    next += count;
    if (share) std::copy_n(pages[0].begin(), of.shared / of.shape.B, pages.back().begin());
  }
  return pages;
}

/// The rows of one step, gathered.
struct Gathered {
  std::vector<AttendedRows> sequences;
  std::vector<float> q, k, v;
};

Gathered gather(const AttentionCase& of, const std::vector<std::vector<std::int32_t>>& pages,
                const AttentionCase::StepRows& rows, const std::vector<std::int64_t>& done) {
  Gathered step;
  std::int64_t begin = 0;
  const auto append = [](std::vector<float>& to, const std::vector<float>& from, std::int64_t each,
                         std::int64_t first, std::int64_t count) {
    to.insert(to.end(), from.begin() + first * each, from.begin() + (first + count) * each);
  };
  for (std::size_t s = 0; s < of.sequences.size(); ++s) {
    const auto& sequence = of.sequences[s];
    step.sequences.push_back(
        {.begin = begin, .rows = rows[s], .position = done[s], .pages = pages[s]});
    append(step.q, sequence.q_LHd, of.shape.H * of.shape.d, done[s], rows[s]);
    append(step.k, sequence.k_LGd, of.shape.G * of.shape.d, done[s], rows[s]);
    append(step.v, sequence.v_LGe, of.shape.G * of.shape.e, done[s], rows[s]);
    begin += rows[s];
  }
  return step;
}

}  // namespace

AttentionCase::AttentionCase(const AttentionShape& of, const std::vector<std::int64_t>& lengths,
                             std::int64_t shared_tokens, std::uint64_t seed)
    : shape(of), shared(shared_tokens) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  for (const std::int64_t length : lengths) {
    sequences.push_back({.length = length,
                         .q_LHd = random_floats(length * shape.H * shape.d, random),
                         .k_LGd = random_floats(length * shape.G * shape.d, random),
                         .v_LGe = random_floats(length * shape.G * shape.e, random)});
    const Sequence& first = sequences.front();
    Sequence& last = sequences.back();
    std::copy_n(first.q_LHd.begin(), shared * shape.H * shape.d, last.q_LHd.begin());
    std::copy_n(first.k_LGd.begin(), shared * shape.G * shape.d, last.k_LGd.begin());
    std::copy_n(first.v_LGe.begin(), shared * shape.G * shape.e, last.v_LGe.begin());
  }
  if (shape.sinks) sink_H = random_floats(shape.H, random);
}

std::vector<std::vector<float>> AttentionCase::run(const PagedAttention& implementation,
                                                   ThreadPool& pool,
                                                   const std::vector<StepRows>& steps,
                                                   bool share) const {
  const auto pages = pages_by_lot(*this, share);
  std::size_t count = 0;
  for (const auto& of_sequence : pages) count += of_sequence.size();
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> keys(count * static_cast<std::size_t>(shape.key_floats()), kNone);
  std::vector<float> values(count * static_cast<std::size_t>(shape.value_floats()), kNone);
  const std::int64_t width = shape.H * shape.e;
  std::vector<std::vector<float>> y;
  std::vector<std::int64_t> done;
  for (const Sequence& sequence : sequences) {
    y.emplace_back(static_cast<std::size_t>(sequence.length * width), kNone);
    done.push_back(share && !done.empty() ? shared / shape.B * shape.B : 0);
  }
  for (const StepRows& rows : steps) {
    const Gathered step = gather(*this, pages, rows, done);
    const std::int64_t T = std::accumulate(rows.begin(), rows.end(), std::int64_t{0});
    std::vector<float> out(static_cast<std::size_t>(T * width), kNone);
    const AlignedBytes workspace = aligned_bytes(
        implementation.workspace_bytes(shape, T, std::ssize(step.sequences), pool.threads()));
    implementation.run(shape,
                       {.sequences = step.sequences,
                        .q_THd = step.q.data(),
                        .k_TGd = step.k.data(),
                        .v_TGe = step.v.data(),
                        .sink_H = sink_H.data(),
                        .keys = keys.data(),
                        .values = values.data(),
                        .y_THe = out.data(),
                        .workspace = workspace.get()},
                       pool);
    for (std::size_t s = 0; s < y.size(); ++s) {
      std::copy_n(out.begin() + step.sequences[s].begin * width, rows[s] * width,
                  y[s].begin() + done[s] * width);
      done[s] += rows[s];
    }
  }
  return y;
}

std::vector<std::vector<float>> AttentionCase::run(const PagedAttention& implementation,
                                                   ThreadPool& pool) const {
  StepRows all;
  for (const Sequence& sequence : sequences) all.push_back(sequence.length);
  return run(implementation, pool, {all});
}

/// Of a score whose products are of this size together: those and their sum are rounded, then the
/// scaling; a cap is a division, a hyperbolic tangent of a few units, and a product.
double AttentionCase::score_error(double size, double score) const {
  const double products = static_cast<double>(shape.d + 2) * kUnit * std::abs(shape.scale) * size;
  return products + (shape.softcap > 0 ? 14 : 0) * kUnit * std::abs(score);
}

void AttentionCase::add_bounds(const Sequence& sequence, std::int64_t row, std::int64_t head,
                               std::vector<double>& bounds) const {
  const std::int64_t group = head / (shape.H / shape.G);
  const SeenKeys seen = seen_keys(shape, row, sequence.length);
  const float* q = sequence.q_LHd.data() + (row * shape.H + head) * shape.d;
  std::vector<double> scores;
  double largest = -std::numeric_limits<double>::infinity(), error = 0;
  for (std::int64_t j = seen.first; j < seen.last; ++j) {
    const float* k = sequence.k_LGd.data() + (j * shape.G + group) * shape.d;
    double product = 0, size = 0;
    for (std::int64_t i = 0; i < shape.d; ++i) {
      product += double{q[i]} * k[i];
      size += std::abs(double{q[i]} * k[i]);
    }
    double score = product * shape.scale;
    if (shape.softcap > 0) score = shape.softcap * std::tanh(score / shape.softcap);
    error = std::max(error, score_error(size, score));
    scores.push_back(score);
    largest = std::max(largest, score);
  }
  const double sink = shape.sinks ? double{sink_H[static_cast<std::size_t>(head)]} : largest;
  const double top = std::max(largest, sink);
  double sum = shape.sinks ? std::exp(sink - top) : 0;
  const double least = std::ranges::min(scores);
  for (const double score : scores) sum += std::exp(score - top);
  // A weight is off by its score's error, by that of the exponentials' arguments, which add up to
  // no more than from the score to the largest, and by a few units for each time that a larger
  // score was met, which need not be more often than once in 64 keys.
  const auto keys = static_cast<double>(seen.last - seen.first);
  const double weight = error + (top - least + keys / 16 + 16) * kUnit;
  const double relative = 2 * weight + (3 * keys + 24) * kUnit;
  for (std::int64_t i = 0; i < shape.e; ++i) {
    double size = 0;
    for (std::int64_t j = seen.first; j < seen.last; ++j) {
      const double v =
          sequence.v_LGe[static_cast<std::size_t>((j * shape.G + group) * shape.e + i)];
      size += std::exp(scores[static_cast<std::size_t>(j - seen.first)] - top) / sum * std::abs(v);
    }
    bounds.push_back(relative * size + 0x1p-120);
  }
}

std::vector<std::vector<double>> AttentionCase::bounds() const {
  std::vector<std::vector<double>> all;
  for (const Sequence& sequence : sequences) {
    auto& bounds = all.emplace_back();
    for (std::int64_t row = 0; row < sequence.length; ++row) {
      for (std::int64_t head = 0; head < shape.H; ++head) add_bounds(sequence, row, head, bounds);
    }
  }
  return all;
}

double attention_difference(const PagedAttention& implementation) {
  ThreadPool pool(2);
  double worst = 0;
  for (const AttentionShape& shape :
       {AttentionShape{.H = 4, .G = 4, .d = 64, .e = 64, .B = 16, .scale = 0.125},
        AttentionShape{.H = 8,
                       .G = 2,
                       .d = 40,
                       .e = 24,
                       .B = 16,
                       .scale = 0.2,
                       .softcap = 2,
                       .window = 50,
                       .sinks = true}}) {
    if (!implementation.supports(shape)) continue;
    const AttentionCase some(shape, {150, 1, 70}, 0, 7);
    const auto y = some.run(implementation, pool);
    const auto expected = some.run(*paged_attentions()[0], pool);
    const auto bounds = some.bounds();
    for (std::size_t s = 0; s < y.size(); ++s)
      worst = std::max(worst, difference_of(y[s], expected[s], bounds[s]));
  }
  return worst;
}

}  // namespace moe
