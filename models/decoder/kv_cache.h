// Keys and values in pages that sequences share. What a page of a layer holds follows from the
// layer's attention spec: keys [tokens, G, d] and values [tokens, G, e].
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/config.h"
#include "models/decoder/step.h"
#include "models/decoder/torch.h"

namespace moe {

class KvCache {
 public:
  KvCache(const Config&, const at::TensorOptions&, std::int64_t pages,
          std::int64_t tokens_per_page);

  std::int64_t pages() const { return pages_; }
  std::int64_t tokens_per_page() const { return tokens_per_page_; }

  /// Writes rows of one sequence at positions [position, position + rows).
  void write(std::int64_t layer, std::span<const PageId> pages, std::int64_t position,
             const Tensor& k_TGd, const Tensor& v_TGe);
  /// Keys and values of positions [0, tokens) in order.
  std::pair<Tensor, Tensor> read(std::int64_t layer, std::span<const PageId> pages,
                                 std::int64_t tokens) const;
  /// Copies a whole page in every layer: a branch inside a page.
  void copy_page(PageId from, PageId to);

  static std::int64_t bytes_per_token(const Config&, DType);

 private:
  std::int64_t pages_ = 0, tokens_per_page_ = 0;
  std::vector<Tensor> keys_, values_;  // per layer [pages, tokens, G, d], [pages, tokens, G, e]
};

}  // namespace moe
