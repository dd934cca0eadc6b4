#include "models/decoder/torch_step.h"

#include <algorithm>
#include <map>

#include "harness/error.h"
#include "models/decoder/keys_seen.h"
#include "models/decoder/kv_cache.h"
#include "models/decoder/tensors.h"

namespace moe {
namespace {

/// A sequence of the step and where its rows begin.
struct Rows {
  const StepSequence* sequence = nullptr;
  std::int64_t begin = 0;
};

struct Alike {
  std::int64_t rows = 0, position = 0;
  bool cached = false;
  auto operator<=>(const Alike&) const = default;
};

Tensor uploaded(const std::vector<std::int64_t>& values, const at::Device& device) {
  return at::tensor(values, at::kLong).to(device);
}

std::vector<Rows> rows_of(std::span<const StepSequence> sequences) {
  std::vector<Rows> all;
  std::int64_t begin = 0;
  for (const StepSequence& sequence : sequences) {
    all.push_back({.sequence = &sequence, .begin = begin});
    begin += std::ssize(sequence.new_ids);
  }
  return all;
}

/// Angles in float32 from a float32 position, their cosine and sine times the rope's factor rounded
/// to the activations' dtype, as transformers does; so is the power.
RopeTurn turn_of(const RopeSpec& spec, const Tensor& position_T,
                 const at::TensorOptions& activations) {
  const at::TensorOptions angles = activations.dtype(wide(activations.dtype().toScalarType()));
  const Tensor even = at::arange(0, spec.dims, 2, at::kFloat) / static_cast<double>(spec.dims);
  const Tensor power_h = at::pow(spec.theta, even);
  const std::vector<float> frequency_h = rope_frequencies(
      spec, std::span(power_h.const_data_ptr<float>(), static_cast<std::size_t>(spec.dims / 2)));
  const Tensor frequency = at::tensor(frequency_h, at::kFloat).to(angles);
  const Tensor angle_T1h = (position_T.to(angles.dtype()).unsqueeze(1) * frequency).unsqueeze(1);
  return {.cos_T1h = (angle_T1h.cos() * spec.attention_factor).to(activations.dtype()),
          .sin_T1h = (angle_T1h.sin() * spec.attention_factor).to(activations.dtype())};
}

/// Layers that see the same keys, as many heads wide, share a plan.
bool share_a_plan(const AttentionSpec& a, const AttentionSpec& b) {
  return a.heads == b.heads && a.window == b.window && a.chunk == b.chunk;
}

/// The slots of the keys of a batch, [B, S].
Tensor key_slots(const KvCache& cache, std::span<const Rows> batch, std::int64_t first,
                 std::int64_t end, const at::Device& device) {
  std::vector<std::int64_t> slots;
  slots.reserve(batch.size() * static_cast<std::size_t>(end - first));
  for (const Rows& part : batch) cache.append_slots(part.sequence->pages, first, end, slots);
  return uploaded(slots, device).view({std::ssize(batch), end - first});
}

AttentionPlan plan_of(const AttentionSpec& spec, const StepStart& start, std::int64_t tokens,
                      const at::Device& device) {
  std::map<Alike, std::vector<Rows>> groups;
  for (const Rows& rows : rows_of(start.sequences)) {
    const StepSequence& sequence = *rows.sequence;
    const Alike alike = {.rows = std::ssize(sequence.new_ids),
                         .position = sequence.position,
                         .cached = !sequence.pages.empty()};
    if (alike.rows > 0) groups[alike].push_back(rows);
  }
  AttentionPlan plan;
  std::vector<std::int64_t> place(static_cast<std::size_t>(tokens));
  std::int64_t done = 0;
  bool in_order = true;
  for (const auto& [alike, all] : groups) {
    const std::int64_t end = alike.cached ? alike.position + alike.rows : alike.rows;
    const std::int64_t each = spec.heads * end * alike.rows;
    const auto most =
        static_cast<std::size_t>(std::max<std::int64_t>(1, score_elements(device) / each));
    for (std::size_t at = 0; at < all.size(); at += most) {
      const auto part = std::span(all).subspan(at, std::min(most, all.size() - at));
      AttendedBatch& batch = plan.batches.emplace_back();
      batch.rows = alike.rows;
      batch.position = alike.position;
      if (alike.cached) {
        batch.first_key = first_key_seen(spec, alike.position);
        batch.slot_BS = key_slots(*start.cache, part, batch.first_key, end, device);
      }
      for (const Rows& rows : part) {
        batch.begin.push_back(rows.begin);
        in_order = in_order && rows.begin == done;
        for (std::int64_t r = 0; r < alike.rows; ++r) {
          place[static_cast<std::size_t>(rows.begin + r)] = done++;
        }
      }
    }
  }
  if (!in_order) plan.place_T = uploaded(place, device);
  return plan;
}

}  // namespace

std::int64_t score_elements(const at::Device& device) {
  return std::int64_t{1} << (device.is_cpu() ? 20 : 26);
}

TorchStep::TorchStep(const StepStart& start, const at::TensorOptions& activations)
    : cache_(start.cache) {
  const at::Device device = activations.device();
  std::vector<std::int64_t> ids, positions, asked;
  for (const auto& [sequence, begin] : rows_of(start.sequences)) {
    for (std::int64_t r = 0; r < std::ssize(sequence->new_ids); ++r) {
      ids.push_back(sequence->new_ids[static_cast<std::size_t>(r)]);
      positions.push_back(sequence->position + r);
    }
    for (const std::int32_t row : sequence->asked) asked.push_back(begin + row);
  }
  id_T = uploaded(ids, device);
  asked_R = uploaded(asked, device);
  const Tensor position_T = uploaded(positions, device);
  find_slots(start, device);
  for (const LayerSpec& layer : start.layers) {
    const AttentionSpec& spec = layer.attention;
    if (std::ranges::find(turns_, spec.rope, &std::pair<RopeSpec, RopeTurn>::first) ==
        turns_.end()) {
      turns_.emplace_back(spec.rope, turn_of(spec.rope, position_T, activations));
    }
    if (std::ranges::none_of(plans_, [&](const auto& p) { return share_a_plan(p.first, spec); })) {
      plans_.emplace_back(spec, plan_of(spec, start, rows(), device));
    }
  }
}

void TorchStep::find_slots(const StepStart& start, const at::Device& device) {
  std::vector<std::int64_t> rows, slots;
  for (const auto& [sequence, begin] : rows_of(start.sequences)) {
    if (sequence->pages.empty()) continue;
    require(cache_ != nullptr, "a step: a sequence lists pages and there is no KV cache");
    const std::int64_t count = std::ssize(sequence->new_ids);
    cache_->append_slots(sequence->pages, sequence->position, sequence->position + count, slots);
    for (std::int64_t row = begin; row < begin + count; ++row) rows.push_back(row);
  }
  if (rows.empty()) return;
  slot_R_ = uploaded(slots, device);
  if (std::ssize(rows) < id_T.size(0)) row_R_ = uploaded(rows, device);
}

const RopeTurn& TorchStep::turn(const RopeSpec& spec) const {
  const auto found = std::ranges::find(turns_, spec, &std::pair<RopeSpec, RopeTurn>::first);
  require(found != turns_.end(),
          "rope of theta {} over {} dims: the step was begun without a layer that has it",
          spec.theta, spec.dims);
  return found->second;
}

const AttentionPlan& TorchStep::plan(const AttentionSpec& spec) const {
  const auto found =
      std::ranges::find_if(plans_, [&](const auto& p) { return share_a_plan(p.first, spec); });
  require(found != plans_.end(),
          "attention of {} heads, window {}: the step was begun without a layer that has them",
          spec.heads, spec.window.value_or(0));
  return found->second;
}

void TorchStep::write(std::int64_t layer, const Tensor& k_TGd, const Tensor& v_TGe) const {
  if (!slot_R_.defined()) return;
  if (row_R_.defined()) {
    cache_->write(layer, slot_R_, k_TGd.index_select(0, row_R_), v_TGe.index_select(0, row_R_));
  } else {
    cache_->write(layer, slot_R_, k_TGd, v_TGe);
  }
}

}  // namespace moe
