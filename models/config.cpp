#include "models/config.h"

#include <algorithm>
#include <array>

#include "harness/error.h"
#include "kernels/packed/quantised_panel.h"

namespace moe {
namespace {

struct DTypeNames {
  DType dtype = DType::f32;
  std::int64_t bytes = 0;
  std::array<std::string_view, 4> names;  // ours first, config.json's third
};

constexpr DTypeNames kDTypes[] = {
    {DType::f32, 4, {"f32", "F32", "float32", "torch.float32"}},
    {DType::f16, 2, {"f16", "F16", "float16", "torch.float16"}},
    {DType::bf16, 2, {"bf16", "BF16", "bfloat16", "torch.bfloat16"}},
};

struct QuantisationName {
  Quantisation quantisation = Quantisation::none;
  std::string_view name;
  std::int64_t bytes_of_block = 0;
};

/// As the kernels keep it.
constexpr std::int64_t bytes_of_block(PackedFormat format) {
  return panel_block_bytes(format, kQuantisedBlock);
}

constexpr QuantisationName kQuantisations[] = {
    {Quantisation::none, "none", 0},
    {Quantisation::int8, "int8", bytes_of_block(PackedFormat::int8)},
    {Quantisation::int4, "int4", bytes_of_block(PackedFormat::int4)},
    {Quantisation::mxfp4, "mxfp4", bytes_of_block(PackedFormat::mxfp4)},
};

const QuantisationName& entry(Quantisation quantisation) {
  const auto* const found =
      std::ranges::find(kQuantisations, quantisation, &QuantisationName::quantisation);
  require(found != std::end(kQuantisations), "a quantisation without a name");
  return *found;
}

const DTypeNames& entry(DType dtype) {
  const auto* const found = std::ranges::find(kDTypes, dtype, &DTypeNames::dtype);
  require(found != std::end(kDTypes), "a dtype without a name");
  return *found;
}

}  // namespace

std::int64_t size_of(DType dtype) {
  return entry(dtype).bytes;
}

std::string_view name_of(DType dtype) {
  return entry(dtype).names[0];
}

std::string_view long_name_of(DType dtype) {
  return entry(dtype).names[2];
}

DType dtype_of(std::string_view name) {
  for (const DTypeNames& known : kDTypes) {
    if (std::ranges::find(known.names, name) != known.names.end()) return known.dtype;
  }
  throw Error(fmt::format("unknown dtype \"{}\"; known are f32, f16, bf16", name),
              std::source_location::current());
}

std::string_view name_of(Quantisation quantisation) {
  return entry(quantisation).name;
}

Quantisation quantisation_of(std::string_view name) {
  const auto* const found = std::ranges::find(kQuantisations, name, &QuantisationName::name);
  require(found != std::end(kQuantisations),
          "unknown quantisation \"{}\"; known are none, int8, int4, mxfp4", name);
  return found->quantisation;
}

Quantisation quantisation_of_head(Quantisation of_the_rest) {
  return of_the_rest == Quantisation::none ? Quantisation::none : Quantisation::int8;
}

std::int64_t KeptAs::large_bytes(std::int64_t elements) const {
  if (quantisation == Quantisation::none) return elements * size_of(dtype);
  return (elements * entry(quantisation).bytes_of_block + kQuantisedBlock - 1) / kQuantisedBlock;
}

std::int64_t KeptAs::head_bytes(std::int64_t elements) const {
  return KeptAs(dtype, quantisation_of_head(quantisation)).large_bytes(elements);
}

std::string_view name_of(const KeptAs& kept) {
  return kept.quantisation == Quantisation::none ? name_of(kept.dtype) : name_of(kept.quantisation);
}

bool Config::is_mixture() const {
  return std::ranges::any_of(layers, [](const LayerSpec& l) { return l.feed_forward.experts > 0; });
}

Config with_top_k(Config config, std::int64_t top_k) {
  require(config.is_mixture(), "top_k={}: {} has no mixture of experts", top_k, config.family);
  for (LayerSpec& layer : config.layers) {
    FeedForwardSpec& ff = layer.feed_forward;
    if (ff.experts == 0) continue;
    require(top_k >= 1 && top_k <= ff.experts, "top_k={}: expected 1 to {}, the number of experts",
            top_k, ff.experts);
    require(top_k <= ff.experts / ff.groups * ff.groups_kept,
            "top_k={}: expected no more than the {} experts of {} groups", top_k,
            ff.experts / ff.groups * ff.groups_kept, ff.groups_kept);
    ff.experts_per_token = top_k;
  }
  return config;
}

Config with_max_length(Config config, std::int64_t length) {
  const std::int64_t most = std::max(config.max_positions, config.long_positions);
  require(length <= most, "max_length={}: the model takes {}", length, most);
  for (LayerSpec& layer : config.layers) {
    RopeSpec& rope = layer.attention.rope;
    if (rope.scaling == RopeScaling::longrope) rope.is_long = length > rope.original_positions;
  }
  config.max_positions = length;
  return config;
}

std::string reason_for_max_positions(const Config& config) {
  const auto has = [&](RopeScaling scaling, bool is_long) {
    return std::ranges::any_of(config.layers, [&](const LayerSpec& layer) {
      return layer.attention.rope.scaling == scaling && layer.attention.rope.is_long == is_long;
    });
  };
  if (config.long_positions > config.max_positions && has(RopeScaling::longrope, false)) {
    return fmt::format(
        " (with the short factors of its longrope; a target's max_length, up to {}, takes the long "
        "ones for all sequences)",
        config.long_positions);
  }
  if (has(RopeScaling::dynamic, false)) {
    return " (its dynamic rope would turn the tokens of a longer sequence by angles that depend on "
           "the sequence's length)";
  }
  return {};
}

}  // namespace moe
