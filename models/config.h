// What a transformer is made of: a list of layers, each with its own attention and feed-forward.
// A dense feed-forward is one with `experts == 0`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include <nlohmann/json_fwd.hpp>

#include "kernels/rope/frequencies.h"

namespace moe {

using Json = nlohmann::json;

enum class DType : std::uint8_t { f32, f16, bf16 };
std::int64_t size_of(DType);            // bytes of one element
std::string_view name_of(DType);        // "f32"
std::string_view long_name_of(DType);   // "float32", as config.json has it
DType dtype_of(std::string_view name);  // accepts "f32", "float32", "F32", ...; else Error

/// How the large matrices are kept while a model runs: in the dtype, or quantised in blocks of 32
/// (kernels/packed/quantised.h). Large are those of attention, of experts and MLPs, and the head,
/// which is never kept in less than int8.
enum class Quantisation : std::uint8_t { none, int8, int4, mxfp4 };
std::string_view name_of(Quantisation);               // "none", "int8"
Quantisation quantisation_of(std::string_view name);  // Error where there is no such one
Quantisation quantisation_of_head(Quantisation of_the_rest);

/// What weights are kept as.
struct KeptAs {
  KeptAs(DType dtype_of_all) : dtype(dtype_of_all) {}  // NOLINT(google-explicit-constructor)
  KeptAs(DType dtype_of_small, Quantisation of_large, bool is_packed = false)
      : dtype(dtype_of_small), quantisation(of_large), packed(is_packed) {}
  DType dtype;
  Quantisation quantisation = Quantisation::none;
  /// In panels, numerics=fast: a tied head is kept beside the embedding's rows.
  bool packed = false;

  /// Bytes of elements of a large matrix, and of the head.
  std::int64_t large_bytes(std::int64_t elements) const;
  std::int64_t head_bytes(std::int64_t elements) const;
};
std::string_view name_of(const KeptAs&);  // of the quantisation where there is one, else the dtype

/// Of what an expert's weight is made: a softmax over all logits, each logit's sigmoid, or a
/// softmax over the chosen experts' logits.
enum class Score : std::uint8_t { softmax, sigmoid, softmax_of_chosen };
enum class GroupScore : std::uint8_t { best, best_two };  // of a group's experts: maximum, sum
/// What a gated MLP does: act(gate) * up. clamped_swiglu (gpt-oss) is g sigmoid(alpha g) (u + 1) of
/// g = min(gate, limit) and u = up within +- limit.
enum class Activation : std::uint8_t { silu, gelu, gelu_tanh, clamped_swiglu };
enum class QkNorm : std::uint8_t { none, full_width, per_head };  // RMSNorm on q and k, before RoPE
enum class NormKind : std::uint8_t { rms, layer };

struct AttentionSpec {
  std::int64_t heads = 0, kv_heads = 0;
  std::int64_t qk_dim = 0, v_dim = 0;  // per head
  double scale = 0;                    // of the scores, before softmax
  std::optional<std::int64_t> window;  // key j is seen by query i when i - window < j <= i
  std::optional<std::int64_t> chunk = std::nullopt;  // and when i / chunk == j / chunk
  bool causal = true;                                // key j is seen by query i when j <= i
  double softcap = 0;  // scores become softcap * tanh(score / softcap); 0: none
  bool qkv_bias = false, o_bias = false;
  bool sinks = false;              // a logit per head that only enlarges the softmax's denominator
  std::optional<double> clip_qkv;  // q, k, v clamped to +- this
  QkNorm qk_norm = QkNorm::none;
  RopeSpec rope;
};

struct FeedForwardSpec {
  std::int64_t hidden = 0;   // width of the MLP, or of one expert
  std::int64_t experts = 0;  // 0: dense
  std::int64_t experts_per_token = 0;
  Score score = Score::softmax;
  bool renormalise = false;      // weights of the chosen experts sum to one
  double routed_scale = 1;       // of the weights, after that
  bool scale_input = false;      // weights multiply an expert's input, not its output (Llama 4)
  bool router_bias = false;      // of the logits
  bool correction_bias = false;  // of the scores, for the choice only (DeepSeek-V3)
  bool router_f32 = false;  // logits in float32 from a float32 router, whatever the model's dtype
  std::int64_t groups = 1, groups_kept = 1;  // experts are chosen from the best groups only
  GroupScore group_score = GroupScore::best;

  Activation activation = Activation::silu;
  double alpha = 1.702, limit = 7;  // of clamped_swiglu
  bool gated = true;                // false: act(up), without a gate
  bool bias = false;                // of all projections of the MLP, or of each expert

  std::int64_t shared_hidden = 0;  // width of an MLP beside the experts, for every token; 0: none
  bool shared_gate = false;        // its output is multiplied by the sigmoid of a projection of x
};

struct LayerSpec {
  AttentionSpec attention;
  FeedForwardSpec feed_forward;
};

struct Config {
  std::string family;
  std::int64_t dim = 0, vocab = 0;
  std::int64_t max_positions = 0;   // of a sequence
  std::int64_t long_positions = 0;  // what with_max_length() may make of them; 0: no more
  NormKind norm = NormKind::rms;
  double norm_eps = 0;
  bool tied_embeddings = false;
  DType dtype = DType::f32;  // of the checkpoint
  std::vector<LayerSpec> layers;
  std::optional<std::int64_t> bos_id;
  std::vector<std::int64_t> eos_ids;

  bool is_mixture() const;  // has any layer with experts
};

/// `config` with `top_k` experts per token in every mixture; Error where there is no mixture or
/// too few experts.
Config with_top_k(Config, std::int64_t top_k);

/// `config` for sequences of up to `length` tokens. Beyond the context that longrope has its short
/// factors for, the long ones hold for all sequences. Error where the model takes fewer.
Config with_max_length(Config, std::int64_t length);

/// Why the model takes no more than max_positions, in brackets after a blank; empty where the
/// config says no more than the number.
std::string reason_for_max_positions(const Config&);

}  // namespace moe
