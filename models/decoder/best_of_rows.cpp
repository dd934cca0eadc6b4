#include "models/decoder/best_of_rows.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "harness/error.h"

namespace moe {
namespace {

bool is_better(float a, float b) {
  return a > b || (std::isnan(a) && !std::isnan(b));
}

/// Puts each score behind those that are no worse, as long as that is among the best.
void best_of(std::span<const float> scores, std::span<std::int64_t> best) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto score_of = [&](std::size_t place) {
      return scores[static_cast<std::size_t>(best[place])];
    };
    if (kept == best.size() && !is_better(scores[i], score_of(kept - 1))) continue;
    std::size_t place = std::min(kept, best.size() - 1);
    for (; place > 0 && is_better(scores[i], score_of(place - 1)); --place)
      best[place] = best[place - 1];
    best[place] = static_cast<std::int64_t>(i);
    kept = std::min(kept + 1, best.size());
  }
}

}  // namespace

Tensor best_of_rows(const Tensor& score_TN, std::int64_t count) {
  const std::int64_t rows = score_TN.size(0), ids = score_TN.size(1);
  require(count >= 1 && count <= ids, "the best {} of {}", count, ids);
  // topk does not say which of two equal scores it takes. Each of the best is found in its turn, so
  // many are sorted for.
  constexpr std::int64_t kFew = 32;
  if (!score_TN.is_cpu() || score_TN.scalar_type() != at::kFloat || count > kFew) {
    return std::get<1>(at::sort(score_TN, /*stable=*/true, /*dim=*/-1, /*descending=*/true))
        .narrow(-1, 0, count)
        .contiguous();
  }
  const Tensor contiguous = score_TN.detach().contiguous();
  const std::span scores(contiguous.const_data_ptr<float>(),
                         static_cast<std::size_t>(contiguous.numel()));
  Tensor best_TK = at::empty({rows, count}, score_TN.options().dtype(at::kLong));
  const std::span best(best_TK.mutable_data_ptr<std::int64_t>(),
                       static_cast<std::size_t>(best_TK.numel()));
  constexpr std::int64_t kRowsOfAThread = 256;
  at::parallel_for(0, rows, kRowsOfAThread, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      best_of(scores.subspan(static_cast<std::size_t>(row * ids), static_cast<std::size_t>(ids)),
              best.subspan(static_cast<std::size_t>(row * count), static_cast<std::size_t>(count)));
    }
  });
  return best_TK;
}

}  // namespace moe
