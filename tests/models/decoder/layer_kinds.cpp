#include "tests/models/decoder/layer_kinds.h"

#include "tests/models/tiny_model.h"

namespace moe {

std::map<std::string, Config> layer_kinds() {
  std::map<std::string, Config> kinds = {
      {"dense", tiny_config({.experts = 0})},
      {"one expert", tiny_config({.experts = 1, .experts_per_token = 1})},
      {"all experts", tiny_config({.experts = 9, .experts_per_token = 9})},
      {"many experts", tiny_config({.experts = 256, .experts_per_token = 8})},
      {"odd widths",
       tiny_config({.dim = 42, .hidden = 7, .vocab = 41, .heads = 3, .kv_heads = 1})}};
  const auto add = [&](const std::string& name, const auto& change) {
    Config config = tiny_config({.experts = 8});
    for (LayerSpec& layer : config.layers) change(layer.attention, layer.feed_forward);
    kinds[name] = config;
  };
  add("window and sinks", [](AttentionSpec& a, FeedForwardSpec& f) {
    a.window = 9;
    a.sinks = a.qkv_bias = a.o_bias = f.router_bias = f.bias = true;
    f.activation = Activation::clamped_swiglu;
    f.score = Score::softmax_of_chosen;
  });
  add("chunks", [](AttentionSpec& a, FeedForwardSpec& f) {
    a.chunk = 13;
    f.scale_input = true;
    f.score = Score::sigmoid;
    f.shared_hidden = 20;
  });
  add("softcap", [](AttentionSpec& a, FeedForwardSpec& f) {
    a.softcap = 3;
    a.clip_qkv = 0.5;
    a.qk_norm = QkNorm::full_width;
    f.activation = Activation::gelu_tanh;
    f.shared_hidden = 5;
    f.shared_gate = true;
  });
  add("groups", [](AttentionSpec& a, FeedForwardSpec& f) {
    a.qk_norm = QkNorm::per_head;
    f.groups = 4;
    f.groups_kept = 2;
    f.group_score = GroupScore::best_two;
    f.score = Score::sigmoid;
    f.correction_bias = f.router_f32 = true;
    f.routed_scale = 2.5;
  });
  add("no gate", [](AttentionSpec& a, FeedForwardSpec& f) {
    a.rope.dims = 2;
    f.gated = false;
    f.activation = Activation::gelu;
  });
  kinds["groups"].norm = NormKind::layer;
  kinds["no gate"].tied_embeddings = true;
  return kinds;
}

}  // namespace moe
