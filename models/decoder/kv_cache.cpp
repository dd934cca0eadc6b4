#include "models/decoder/kv_cache.h"

#include "harness/error.h"
#include "harness/huge_pages.h"

namespace moe {

KvCache::KvCache(const Config& config, const at::TensorOptions& options, std::int64_t pages,
                 std::int64_t tokens_per_page)
    : pages_(pages), tokens_per_page_(tokens_per_page) {
  require(pages >= 1 && tokens_per_page >= 1,
          "a KV cache of {} pages of {} tokens: expected at least one of each", pages,
          tokens_per_page);
  for (const LayerSpec& layer : config.layers) {
    const AttentionSpec& spec = layer.attention;
    const auto pages_of = [&](std::int64_t width) {
      Tensor all = at::empty({pages, tokens_per_page, spec.kv_heads, width}, options);
      if (all.is_cpu())
        prefer_huge_pages(all.mutable_data_ptr(), static_cast<std::int64_t>(all.nbytes()));
      return all;
    };
    keys_.push_back(pages_of(spec.qk_dim));
    values_.push_back(pages_of(spec.v_dim));
  }
}

void KvCache::check_pages(std::span<const PageId> pages, std::int64_t begin,
                          std::int64_t end) const {
  require(std::ssize(pages) * tokens_per_page_ >= end,
          "a sequence of {} tokens lists {} pages of {}: too few", end, pages.size(),
          tokens_per_page_);
  for (std::int64_t p = begin / tokens_per_page_; p * tokens_per_page_ < end; ++p) {
    const PageId page = pages[static_cast<std::size_t>(p)];
    require(page >= 0 && page < pages_, "page {} of a cache of {} pages", page, pages_);
  }
}

void KvCache::append_slots(std::span<const PageId> pages, std::int64_t begin, std::int64_t end,
                           std::vector<std::int64_t>& slots) const {
  check_pages(pages, begin, end);
  for (std::int64_t position = begin; position < end; ++position) {
    const PageId page = pages[static_cast<std::size_t>(position / tokens_per_page_)];
    slots.push_back(page * tokens_per_page_ + position % tokens_per_page_);
  }
}

void KvCache::write(std::int64_t layer, std::span<const PageId> pages, std::int64_t position,
                    const Tensor& k_TGd, const Tensor& v_TGe) {
  std::vector<std::int64_t> slots;
  append_slots(pages, position, position + k_TGd.size(0), slots);
  write(layer, at::tensor(slots, at::kLong).to(k_TGd.device()), k_TGd, v_TGe);
}

void KvCache::write(std::int64_t layer, const Tensor& slot_T, const Tensor& k_TGd,
                    const Tensor& v_TGe) {
  const auto l = static_cast<std::size_t>(layer);
  keys_.at(l).flatten(0, 1).index_copy_(0, slot_T, k_TGd);
  values_.at(l).flatten(0, 1).index_copy_(0, slot_T, v_TGe);
}

std::pair<Tensor, Tensor> KvCache::read(std::int64_t layer, std::span<const PageId> pages,
                                        std::int64_t tokens) const {
  std::vector<std::int64_t> slots;
  append_slots(pages, 0, tokens, slots);
  const at::Device device = keys_.at(static_cast<std::size_t>(layer)).device();
  const Tensor slot_1S = at::tensor(slots, at::kLong).to(device).view({1, tokens});
  const auto [k_1GSd, v_1GSe] = read_heads(layer, slot_1S);
  return {k_1GSd[0].transpose(0, 1), v_1GSe[0].transpose(0, 1)};
}

std::pair<Tensor, Tensor> KvCache::read_heads(std::int64_t layer, const Tensor& slot_BS) const {
  const auto l = static_cast<std::size_t>(layer);
  const std::int64_t heads = keys_.at(l).size(2), sequences = slot_BS.size(0);
  // One gather of rows of a head, straight into the order that matrix products want.
  const Tensor head_G1 = at::arange(heads, slot_BS.options()).unsqueeze(1);
  const Tensor row_N = (slot_BS.unsqueeze(1) * heads + head_G1).reshape(-1);
  const auto gather = [&](const Tensor& pages) {
    return pages.flatten(0, 2).index_select(0, row_N).view(
        {sequences, heads, slot_BS.size(1), pages.size(3)});
  };
  return {gather(keys_[l]), gather(values_[l])};
}

void KvCache::copy_pages(std::span<const PageCopy> copies) {
  if (copies.empty()) return;
  std::vector<std::int64_t> from, to;
  for (const PageCopy& copy : copies) {
    require(copy.from >= 0 && copy.from < pages_ && copy.to >= 0 && copy.to < pages_,
            "copy of page {} to page {} in a cache of {} pages", copy.from, copy.to, pages_);
    from.push_back(copy.from);
    to.push_back(copy.to);
  }
  const at::Device device = keys_.at(0).device();
  const Tensor from_N = at::tensor(from, at::kLong).to(device);
  const Tensor to_N = at::tensor(to, at::kLong).to(device);
  for (std::vector<Tensor>* layers : {&keys_, &values_}) {
    for (Tensor& pages : *layers) pages.index_copy_(0, to_N, pages.index_select(0, from_N));
  }
}

}  // namespace moe
