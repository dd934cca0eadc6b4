// What a transformer is made of: a list of layers, each with its own attention and feed-forward.
// A dense feed-forward is one with `experts == 0`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include <nlohmann/json_fwd.hpp>

namespace moe {

using Json = nlohmann::json;

enum class DType : std::uint8_t { f32, f16, bf16 };
std::int64_t size_of(DType);            // bytes of one element
std::string_view name_of(DType);        // "f32"
DType dtype_of(std::string_view name);  // accepts "f32", "float32", "F32", ...; else Error

enum class Score : std::uint8_t { softmax, sigmoid };
enum class QkNorm : std::uint8_t { none, full_width, per_head };  // RMSNorm on q and k, before RoPE
enum class NormKind : std::uint8_t { rms, layer };

/// Half-split rotary positions (rotate_half), as Hugging Face stores the weights for it.
struct RopeSpec {
  double theta = 10000;
  std::int64_t dims = 0;  // of each head, from its start

  bool operator==(const RopeSpec&) const = default;
};

struct AttentionSpec {
  std::int64_t heads = 0, kv_heads = 0;
  std::int64_t qk_dim = 0, v_dim = 0;  // per head
  double scale = 0;                    // of the scores, before softmax
  std::optional<std::int64_t> window;  // key j is seen by query i when i - window < j <= i
  std::optional<double> clip_qkv;      // q, k, v clamped to +- this
  QkNorm qk_norm = QkNorm::none;
  RopeSpec rope;
};

struct FeedForwardSpec {
  std::int64_t hidden = 0;   // width of the MLP, or of one expert
  std::int64_t experts = 0;  // 0: dense
  std::int64_t experts_per_token = 0;
  Score score = Score::softmax;
  bool renormalise = false;  // weights of the chosen experts sum to one
};

struct LayerSpec {
  AttentionSpec attention;
  FeedForwardSpec feed_forward;
};

struct Config {
  std::string family;
  std::int64_t dim = 0, vocab = 0, max_positions = 0;
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

}  // namespace moe
