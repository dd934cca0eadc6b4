#include "models/decoder/cpu_step.h"

#include <algorithm>
#include <numeric>

#include "harness/error.h"
#include "kernels/rope/angles.h"
#include "models/decoder/keys_seen.h"

namespace moe {
namespace {

constexpr std::int64_t kOwnTokens =
    64;  // of a page that lives for a step: few pages are read faster

std::int64_t own_pages(std::int64_t rows) {
  return (rows + kOwnTokens - 1) / kOwnTokens;
}

Tensor ids_of(const std::vector<std::int64_t>& values) {
  return at::tensor(values, at::kLong);
}

CpuTurn turn_of(const RopeSpec& spec, const std::vector<std::int64_t>& positions,
                ThreadPool& pool) {
  const std::size_t count = positions.size() * static_cast<std::size_t>(spec.dims / 2);
  CpuTurn turn{.cos_Th = std::vector<float>(count), .sin_Th = std::vector<float>(count)};
  rope_angles(rope_frequencies(spec, rope_powers(spec)), spec.attention_factor, positions,
              turn.cos_Th.data(), turn.sin_Th.data(), pool);
  return turn;
}

/// The first key that a row at this position sees in any layer: pages before it may be gone.
std::int64_t first_key_seen(std::span<const LayerSpec> layers, std::int64_t position) {
  std::int64_t first = position;
  for (const LayerSpec& layer : layers)
    first = std::min(first, first_key_seen(layer.attention, position));
  return first;
}

}  // namespace

void CpuStep::begin(const StepStart& start, ThreadPool& pool) {
  cache_ = start.cache;
  cached_.clear();
  uncached_.clear();
  own_count_ = 0;
  for (const StepSequence& sequence : start.sequences) {
    if (sequence.pages.empty()) own_count_ += own_pages(std::ssize(sequence.new_ids));
  }
  own_pages_.resize(static_cast<std::size_t>(own_count_));
  std::iota(own_pages_.begin(), own_pages_.end(), 0);
  own_count_ = 0;
  std::vector<std::int64_t> ids, positions, asked;
  for (const StepSequence& sequence : start.sequences) {
    const std::int64_t begin = std::ssize(ids);
    ids.insert(ids.end(), sequence.new_ids.begin(), sequence.new_ids.end());
    for (std::int64_t r = 0; r < std::ssize(sequence.new_ids); ++r)
      positions.push_back(sequence.position + r);
    for (const std::int32_t row : sequence.asked) asked.push_back(begin + row);
    add(sequence, begin, first_key_seen(start.layers, sequence.position));
  }
  id_T = ids_of(ids);
  asked_R = ids_of(asked);
  turns_.clear();
  for (const LayerSpec& layer : start.layers) {
    const RopeSpec& rope = layer.attention.rope;
    if (std::ranges::find(turns_, rope, &std::pair<RopeSpec, CpuTurn>::first) == turns_.end())
      turns_.emplace_back(rope, turn_of(rope, positions, pool));
  }
}

void CpuStep::add(const StepSequence& sequence, std::int64_t begin, std::int64_t first_key) {
  AttendedRows rows = {.begin = begin,
                       .rows = std::ssize(sequence.new_ids),
                       .position = sequence.position,
                       .pages = sequence.pages};
  if (!rows.pages.empty()) {
    require(cache_ != nullptr, "a step: a sequence lists pages and there is no KV cache");
    cache_->check_pages(rows.pages, first_key, rows.position + rows.rows);
    cached_.push_back(rows);
    return;
  }
  const std::int64_t count = own_pages(rows.rows);
  rows.pages = std::span(own_pages_)
                   .subspan(static_cast<std::size_t>(own_count_), static_cast<std::size_t>(count));
  own_count_ += count;
  uncached_.push_back(rows);
}

const CpuTurn& CpuStep::turn(const RopeSpec& spec) const {
  const auto found = std::ranges::find(turns_, spec, &std::pair<RopeSpec, CpuTurn>::first);
  require(found != turns_.end(),
          "rope of theta {} over {} dims: the step was begun without a layer that has it",
          spec.theta, spec.dims);
  return found->second;
}

AttendedPages CpuStep::cached(std::int64_t layer) const {
  if (cached_.empty()) return {};
  return {.sequences = cached_,
          .tokens_per_page = cache_->tokens_per_page(),
          .keys = cache_->keys(layer).mutable_data_ptr<float>(),
          .values = cache_->values(layer).mutable_data_ptr<float>()};
}

AttendedPages CpuStep::uncached(const AttentionSpec& spec) const {
  if (uncached_.empty()) return {};
  const std::int64_t heads = own_count_ * kOwnTokens * spec.kv_heads;
  const auto floats = [&](KeptMemory& memory, std::int64_t width) {
    return reinterpret_cast<float*>(memory.bytes(heads * width * std::int64_t{sizeof(float)}));
  };
  return {.sequences = uncached_,
          .tokens_per_page = kOwnTokens,
          .keys = floats(own_keys_, spec.qk_dim),
          .values = floats(own_values_, spec.v_dim)};
}

}  // namespace moe
