// Attention of a ragged step over keys and values that lie in pages.
//
//   T rows   H query heads   G key/value heads   d width of q and k   e width of v
//   B tokens of a page
//
// This comment is the contract. Every implementation is tested against attention_reference.cpp,
// which says the same in the plainest code we could write.
//
//   First the rows' keys and values go to their pages, then each row attends. Query head h reads
//   key/value head h / (H / G). The row at position i of its sequence sees keys first <= j < last:
//     first = max(0, i - window + 1, i / chunk * chunk), of those that the shape has
//     last = i + 1 where it is causal, else the end of the sequence's rows
//     score_j = scale q . k_j;  softcap tanh(score_j / softcap), where there is a softcap
//     y = sum of exp(score_j) v_j / (sum of exp(score_j) + exp(sink of the head, where it has one))
//   All in float32 or wider. What a page holds is known to the implementation that wrote it. The
//   bits of a row depend on its position, its query, the keys and values it sees and its head's
//   sink alone: not on T, on other rows or sequences, on how its sequence was cut into steps, on
//   which pages they lie in, on B, or on the number of threads. A key or value that is no number
//   makes every row so that sees it, whatever its weight, and no other. H is a multiple of G; T may
//   be 0; the rows of sequences are disjoint.
//   |y - exact| is at most (2 w + (3 n + 24) 2^-24) (weighted mean of |v|) of n keys, where w is
//   the largest error of a score: (d + 2) 2^-24 |scale| (sum of |q k|), with a softcap 14 2^-24
//   |score| more, and (largest - least of scores and sink + n / 16 + 16) 2^-24 for the
//   exponentials. Of a sequence's pages those before the first key that any of its rows sees are
//   not looked at. Sequences may list the same page as long as none of them writes to it; where
//   those stand one after the other in a step, the page is read once for some of them together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "harness/thread_pool.h"

namespace moe {

struct AttentionShape {
  std::int64_t H = 0, G = 0, d = 0, e = 0, B = 0;
  double scale = 1;
  double softcap = 0;       // 0: none
  std::int64_t window = 0;  // 0: none
  std::int64_t chunk = 0;   // 0: none
  bool causal = true, sinks = false;

  std::int64_t key_floats() const { return B * G * d; }  // of a page
  std::int64_t value_floats() const { return B * G * e; }
};

/// Rows of a step that follow each other in a sequence.
struct AttendedRows {
  std::int64_t begin = 0, rows = 0;     // of the step
  std::int64_t position = 0;            // of the first in its sequence
  std::span<const std::int32_t> pages;  // cover position + rows tokens
};

struct PagedAttentionArgs {
  std::span<const AttendedRows> sequences;
  const float *q_THd = nullptr, *k_TGd = nullptr, *v_TGe = nullptr;
  const float* sink_H = nullptr;             // null where the shape has none
  float *keys = nullptr, *values = nullptr;  // all pages, key_floats() and value_floats() each
  float* y_THe = nullptr;                    // out
  std::byte* workspace = nullptr;            // workspace_bytes(), aligned to 64 bytes
};

struct PagedAttention {
  std::string_view name;
  bool by_target;  // is it compiled for several sets of vector instructions (packed/target.h)?
  bool (*supports)(const AttentionShape&);
  /// Of a step of T rows of some sequences.
  std::int64_t (*workspace_bytes)(const AttentionShape&, std::int64_t T, std::int64_t sequences,
                                  std::int64_t threads);
  void (*run)(const AttentionShape&, const PagedAttentionArgs&, ThreadPool&);
};

/// All implementations in this build, the reference first.
std::span<const PagedAttention* const> paged_attentions();

/// The keys that the row at `position` sees, in a sequence that ends before `end`.
struct SeenKeys {
  std::int64_t first = 0, last = 0;
};
SeenKeys seen_keys(const AttentionShape&, std::int64_t position, std::int64_t end);

/// Floating-point operations of both products, of the keys that rows see.
double attention_flops(const AttentionShape&, std::span<const AttendedRows>);

}  // namespace moe
