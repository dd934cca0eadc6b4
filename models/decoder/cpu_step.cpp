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

/// As many elements, whatever is in them. Lets go of memory of which this is little, and of
/// what it had before it takes more.
template <typename T>
void fit(std::vector<T>& kept, std::size_t count) {
  const std::size_t capacity = kept.capacity();
  if (capacity < count ||
      is_too_much(static_cast<std::int64_t>(capacity), static_cast<std::int64_t>(count)))
    std::vector<T>().swap(kept);
  kept.resize(count);
}

template <typename T>
std::int64_t held_bytes(const std::vector<T>& kept) {
  return static_cast<std::int64_t>(kept.capacity() * sizeof(T));
}

void turn_by(const RopeSpec& spec, const std::vector<std::int64_t>& positions, ThreadPool& pool,
             CpuTurn& turn) {
  const std::size_t count = positions.size() * static_cast<std::size_t>(spec.dims / 2);
  fit(turn.cos_Th, count);
  fit(turn.sin_Th, count);
  rope_angles(turn.frequency_h, spec.attention_factor, positions, turn.cos_Th.data(),
              turn.sin_Th.data(), pool);
}

/// The first key that a row at this position sees in any layer: pages before it may be gone.
std::int64_t first_key_seen(std::span<const LayerSpec> layers, std::int64_t position) {
  std::int64_t first = position;
  for (const LayerSpec& layer : layers)
    first = std::min(first, first_key_seen(layer.attention, position));
  return first;
}

}  // namespace

void CpuStep::begin(const StepStart& start, CpuWork& work) {
  cache_ = start.cache;
  cached_.clear();
  uncached_.clear();
  own_keys_.begin_step();
  own_values_.begin_step();
  own_count_ = 0;
  for (const StepSequence& sequence : start.sequences) {
    if (sequence.pages.empty()) own_count_ += own_pages(std::ssize(sequence.new_ids));
  }
  own_pages_.resize(static_cast<std::size_t>(own_count_));
  std::iota(own_pages_.begin(), own_pages_.end(), 0);
  own_count_ = 0;
  take_rows(start, work.tensors);
  find_turns(start, work.pool);
}

void CpuStep::take_rows(const StepStart& start, KeptTensors& tensors) {
  std::int64_t rows = 0, asked_rows = 0;
  for (const StepSequence& sequence : start.sequences) {
    rows += std::ssize(sequence.new_ids);
    asked_rows += std::ssize(sequence.asked);
  }
  id_T.reset();
  asked_R.reset();
  id_T = tensors.take({rows}, at::kLong);
  asked_R = tensors.take({asked_rows}, at::kLong);
  fit(positions_, static_cast<std::size_t>(rows));
  auto* ids = id_T.mutable_data_ptr<std::int64_t>();
  auto* asked = asked_R.mutable_data_ptr<std::int64_t>();
  std::int64_t begin = 0;
  for (const StepSequence& sequence : start.sequences) {
    const std::int64_t end = begin + std::ssize(sequence.new_ids);
    std::iota(positions_.begin() + begin, positions_.begin() + end, sequence.position);
    ids = std::ranges::copy(sequence.new_ids, ids).out;
    for (const std::int32_t row : sequence.asked) *asked++ = begin + row;
    add(sequence, begin, first_key_seen(start.layers, sequence.position));
    begin = end;
  }
}

/// Those of the step before give their memory to these.
void CpuStep::find_turns(const StepStart& start, ThreadPool& pool) {
  std::size_t count = 0;
  for (const LayerSpec& layer : start.layers) {
    const RopeSpec& rope = layer.attention.rope;
    const auto found = std::span(turns_).first(count);
    if (std::ranges::find(found, rope, &std::pair<RopeSpec, CpuTurn>::first) != found.end())
      continue;
    if (count == turns_.size()) turns_.emplace_back();
    auto& [spec, turn] = turns_[count++];
    if (turn.frequency_h.empty() || spec != rope) {
      spec = rope;
      turn.frequency_h = rope_frequencies(rope, rope_powers(rope));
    }
    turn_by(rope, positions_, pool, turn);
  }
  turns_.resize(count);
}

std::int64_t CpuStep::bytes() const {
  std::int64_t sum = own_keys_.size() + own_values_.size() + held_bytes(positions_);
  for (const auto& [spec, turn] : turns_) sum += held_bytes(turn.cos_Th) + held_bytes(turn.sin_Th);
  return sum;
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

Tensor CpuStep::asked(const Tensor& x_TD, KeptTensors& tensors) const {
  const Tensor x = x_TD.contiguous();
  const std::int64_t D = x.size(1), R = asked_R.size(0);
  Tensor y_RD = tensors.take({R, D}, at::kFloat);
  const auto* rows = asked_R.const_data_ptr<std::int64_t>();
  for (std::int64_t r = 0; r < R; ++r)
    std::copy_n(x.const_data_ptr<float>() + rows[r] * D, D, y_RD.mutable_data_ptr<float>() + r * D);
  return y_RD;
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
