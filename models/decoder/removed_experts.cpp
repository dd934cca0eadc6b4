#include "models/decoder/removed_experts.h"

#include <algorithm>
#include <numeric>

#include "harness/error.h"

namespace moe {
namespace {

/// Of the groups that a router may keep, the fewest experts that are left.
std::int64_t fewest_left(const FeedForwardSpec& ff, const std::vector<bool>& removed) {
  const auto size = static_cast<std::ptrdiff_t>(ff.experts / ff.groups);
  std::vector<std::int64_t> left;
  for (auto group = removed.begin(); group != removed.end(); group += size)
    left.push_back(std::count(group, group + size, false));
  std::ranges::sort(left);
  return std::accumulate(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(ff.groups_kept),
                         std::int64_t{0});
}

Tensor mask_of(const FeedForwardSpec& ff, std::size_t layer,
               const std::vector<std::int64_t>& experts, const at::Device& device) {
  require(ff.experts > 0, "removed experts of layer {}, which has none", layer);
  std::vector<bool> removed(static_cast<std::size_t>(ff.experts));
  Tensor mask_E = at::zeros({ff.experts}, at::kBool);
  for (const std::int64_t e : experts) {
    require(e >= 0 && e < ff.experts, "removed expert {} of {} in layer {}", e, ff.experts, layer);
    removed[static_cast<std::size_t>(e)] = true;
    mask_E[e] = true;
  }
  const std::int64_t left = fewest_left(ff, removed);
  require(left >= ff.experts_per_token, "layer {}: {} of {} experts are left to choose {} from{}",
          layer, left, ff.experts, ff.experts_per_token,
          ff.groups > ff.groups_kept ? " in some of its groups" : "");
  return mask_E.to(device);
}

}  // namespace

std::vector<Tensor> removed_masks(const Config& config, const RemovedExperts& removed,
                                  const at::Device& device) {
  std::vector<Tensor> masks(config.layers.size());
  if (removed.empty()) return masks;
  require(removed.size() == masks.size(), "removed experts for {} layers of {}", removed.size(),
          masks.size());
  for (std::size_t layer = 0; layer < masks.size(); ++layer) {
    if (removed[layer].empty()) continue;
    masks[layer] = mask_of(config.layers[layer].feed_forward, layer, removed[layer], device);
  }
  return masks;
}

}  // namespace moe
