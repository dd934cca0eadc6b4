// A weight's rows as the `cpu` table keeps them, made a few at a time from where they are stored.
#pragma once

#include <utility>

#include "kernels/packed/packed_matrix.h"
#include "kernels/packed/stored_rows.h"
#include "models/checkpoint/weights.h"

namespace moe {

/// Checks, converts and quantises rows as they are asked for, and gives a file's pages back once
/// they are packed.
class ViewRows final : public RowMaker {
 public:
  /// Of a matrix; the view's bytes outlive this.
  ViewRows(WeightView view_NK, PackedFormat format) : view_(std::move(view_NK)), format_(format) {}

  /// Error on elements that are not finite, and on those whose size the format does not hold.
  const std::byte* rows(std::int64_t begin, std::int64_t end, std::byte* room) const override;
  void soon(std::int64_t begin, std::int64_t end) const override;
  void done(std::int64_t begin, std::int64_t end) const override;

  /// Error names the first element that is not finite, or else the first that is too large.
  void check() const;

 private:
  void quantise_rows(const WeightView& some_NK, std::byte* out) const;

  WeightView view_;
  PackedFormat format_;
};

}  // namespace moe
