#include "models/config_check.h"

#include "harness/error.h"

namespace moe {
namespace {

void check_positive(std::string_view where, std::string_view what, std::int64_t value) {
  constexpr std::int64_t kLargest = std::int64_t{1} << 32U;
  require(value > 0 && value < kLargest, "{}: {} is {}; expected 1 to {}", where, what, value,
          kLargest - 1);
}

void check_factors(const std::vector<double>& factor_h, std::string_view key, std::int64_t dims,
                   std::string_view where) {
  require(std::ssize(factor_h) == dims / 2, "{}: {} has {} factors; expected {}, half the head_dim",
          where, key, factor_h.size(), dims / 2);
  for (const double factor : factor_h)
    require(factor > 0, "{}: {} has a {}; expected positive numbers", where, key, factor);
}

void check_rope(const RopeSpec& r, std::string_view where) {
  require(r.dims % 2 == 0, "{}: head_dim {} is odd, so it cannot be rotated", where, r.dims);
  require(r.theta > 0, "{}: rope_theta is {}; expected a positive number", where, r.theta);
  require(r.factor >= 1 || r.scaling == RopeScaling::longrope,
          "{}: the rope's factor is {}; expected 1 or more", where, r.factor);
  require(r.attention_factor > 0, "{}: the rope's attention_factor is {}; expected more than 0",
          where, r.attention_factor);
  if (r.scaling == RopeScaling::yarn) {
    require(r.theta > 1, "{}: rope_theta is {}; yarn expects more than 1", where, r.theta);
    require(r.beta_fast >= r.beta_slow && r.beta_slow > 0,
            "{}: yarn's beta_fast is {} and its beta_slow {}; expected positive numbers, the "
            "second no greater",
            where, r.beta_fast, r.beta_slow);
  }
  if (r.scaling == RopeScaling::llama3) {
    require(r.high_factor > r.low_factor && r.low_factor > 0,
            "{}: llama3's high_freq_factor is {} and its low_freq_factor {}; expected positive "
            "numbers, the second smaller",
            where, r.high_factor, r.low_factor);
  }
  if (r.scaling == RopeScaling::longrope) {
    check_factors(r.short_factor_h, "short_factor", r.dims, where);
    check_factors(r.long_factor_h, "long_factor", r.dims, where);
  }
}

void check_attention(const AttentionSpec& a, std::string_view where) {
  check_positive(where, "num_attention_heads", a.heads);
  check_positive(where, "num_key_value_heads", a.kv_heads);
  check_positive(where, "head_dim", a.qk_dim);
  require(a.heads % a.kv_heads == 0,
          "{}: num_attention_heads {} is no multiple of num_key_value_heads {}", where, a.heads,
          a.kv_heads);
  check_rope(a.rope, where);
  require(!a.window || *a.window > 0,
          "{}: sliding_window is {}; expected a positive number or null", where,
          a.window.value_or(0));
  require(!a.chunk || *a.chunk > 0,
          "{}: an attention chunk of {} tokens; expected a positive number or null", where,
          a.chunk.value_or(0));
  require(!a.clip_qkv || *a.clip_qkv > 0, "{}: clip_qkv is {}; expected a positive number or null",
          where, a.clip_qkv.value_or(0));
}

void check_feed_forward(const FeedForwardSpec& f, std::string_view where) {
  check_positive(where, "intermediate_size", f.hidden);
  constexpr std::int64_t kMostExperts = 65535;
  require(f.experts >= 0 && f.experts <= kMostExperts, "{}: {} experts; expected 0 to {}", where,
          f.experts, kMostExperts);
  require(f.experts > 0 || f.experts_per_token == 0,
          "{}: the number of experts is 0, and num_experts_per_tok {}; expected 1 expert or more",
          where, f.experts_per_token);
  require(f.experts == 0 || (f.experts_per_token >= 1 && f.experts_per_token <= f.experts),
          "{}: num_experts_per_tok is {}; expected 1 to {}, the number of experts", where,
          f.experts_per_token, f.experts);
  require(
      f.groups >= 1 && f.experts % f.groups == 0 && f.groups_kept >= 1 && f.groups_kept <= f.groups,
      "{}: {} of {} groups of {} experts: expected groups of equal size", where, f.groups_kept,
      f.groups, f.experts);
  require(f.experts_per_token <= f.experts / f.groups * f.groups_kept,
          "{}: num_experts_per_tok is {}, more than the experts of {} of {} groups", where,
          f.experts_per_token, f.groups_kept, f.groups);
  require(f.group_score == GroupScore::best || f.groups == 1 || f.experts >= 2 * f.groups,
          "{}: groups of one expert have no two best", where);
  require(f.gated || f.activation != Activation::clamped_swiglu,
          "{}: an ungated clamped_swiglu: it is made of a gate", where);
  require(f.shared_hidden >= 0 && (f.shared_hidden > 0 || !f.shared_gate),
          "{}: a shared expert of width {}", where, f.shared_hidden);
}

/// Parameters and tensors are counted in floating point first: their product may fit no integer.
void check_size(const Config& c, std::string_view where) {
  constexpr double kMostParameters = 0x1p46, kMostTensors = 0x1p20;
  const auto dim = static_cast<double>(c.dim);
  double parameters = 2 * static_cast<double>(c.vocab) * dim, tensors = 3;
  for (const auto& [a, f] : c.layers) {
    const double heads = static_cast<double>(a.heads) + static_cast<double>(a.kv_heads);
    const double experts = f.experts == 0 ? 1 : static_cast<double>(f.experts);
    parameters += dim * (heads * static_cast<double>(a.qk_dim + a.v_dim) +
                         experts * 3 * static_cast<double>(f.hidden));
    tensors += 8 + 3 * experts;
  }
  require(parameters < kMostParameters && tensors < kMostTensors,
          "{}: the sizes describe a model of {:.2g} parameters in {:.2g} tensors; expected fewer "
          "than {:.2g} in {:.2g}",
          where, parameters, tensors, kMostParameters, kMostTensors);
}

}  // namespace

void check_config(const Config& c, std::string_view where) {
  check_positive(where, "hidden_size", c.dim);
  check_positive(where, "vocab_size", c.vocab);
  check_positive(where, "max_position_embeddings", c.max_positions);
  check_positive(where, "num_hidden_layers", static_cast<std::int64_t>(c.layers.size()));
  require(c.norm_eps > 0 && c.norm_eps < 1,
          "{}: the norm's epsilon is {}; expected a small positive number", where, c.norm_eps);
  for (const auto& [attention, feed_forward] : c.layers) {
    check_attention(attention, where);
    check_feed_forward(feed_forward, where);
  }
  check_size(c, where);
}

}  // namespace moe
