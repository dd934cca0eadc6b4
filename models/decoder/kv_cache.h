// Keys and values in pages that sequences share. What a page of a layer holds follows from the
// layer's attention spec: keys [tokens, G, d] and values [tokens, G, e], in this order but for a
// table that has its own.
//
//   T rows   B sequences   S keys of each   G key/value heads   d key width   e value width
//
// A slot is the place of one token: page * tokens_per_page + offset.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "models/config.h"
#include "models/decoder/step.h"
#include "models/decoder/torch.h"
#include "models/engine/pages.h"

namespace moe {

class KvCache {
 public:
  /// Pages on the options' device, their memory untouched until written. Error on a page count or
  /// size below 1.
  KvCache(const Config&, const at::TensorOptions&, std::int64_t pages,
          std::int64_t tokens_per_page);

  std::int64_t pages() const { return pages_; }
  std::int64_t tokens_per_page() const { return tokens_per_page_; }

  /// Error where a sequence's pages do not cover positions [begin, end), or are not in this cache.
  void check_pages(std::span<const PageId> pages, std::int64_t begin, std::int64_t end) const;

  /// All pages of a layer, for a table that lays them out in its own way: it writes and reads here
  /// alone.
  Tensor& keys(std::int64_t layer) { return keys_.at(static_cast<std::size_t>(layer)); }
  Tensor& values(std::int64_t layer) { return values_.at(static_cast<std::size_t>(layer)); }

  /// Appends the slots of positions [begin, end) of a sequence. Error where its pages do not cover
  /// them or are not in this cache.
  void append_slots(std::span<const PageId> pages, std::int64_t begin, std::int64_t end,
                    std::vector<std::int64_t>& slots) const;

  /// Writes rows of one sequence at positions [position, position + rows).
  void write(std::int64_t layer, std::span<const PageId> pages, std::int64_t position,
             const Tensor& k_TGd, const Tensor& v_TGe);
  /// Writes rows at the given slots (int64 on the cache's device), of many sequences at once.
  void write(std::int64_t layer, const Tensor& slot_T, const Tensor& k_TGd, const Tensor& v_TGe);

  /// Keys and values of positions [0, tokens) in order.
  std::pair<Tensor, Tensor> read(std::int64_t layer, std::span<const PageId> pages,
                                 std::int64_t tokens) const;
  /// What lies at the slots of several sequences (int64 on the cache's device), head by head:
  /// [B, G, S, d] and [B, G, S, e].
  std::pair<Tensor, Tensor> read_heads(std::int64_t layer, const Tensor& slot_BS) const;

  /// Copies whole pages in every layer, all at once: what is written is none of what is read.
  void copy_pages(std::span<const PageCopy>);

 private:
  std::int64_t pages_ = 0, tokens_per_page_ = 0;
  std::vector<Tensor> keys_, values_;  // per layer [pages, tokens, G, d], [pages, tokens, G, e]
};

}  // namespace moe
