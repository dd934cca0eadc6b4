#include <filesystem>

#include "models/checkpoint/weights.h"
#include "models/decoder/native_engine.h"

namespace moe {

std::optional<Tokenizer> open_tokenizer(const Target& target, const Config& config) {
  if (target.kind == TargetKind::synthetic) {
    Tokenizer bytes = Tokenizer::bytes();
    if (bytes.size() != config.vocab) return std::nullopt;
    return bytes;
  }
  const std::filesystem::path file = target.directory / "tokenizer.json";
  if (!std::filesystem::exists(file)) return std::nullopt;
  return Tokenizer::load(file);
}

std::unique_ptr<NativeEngine> open_engine(const Target& target) {
  const Config config = config_of(target);
  const auto source = open_weights(target, config);
  return std::make_unique<NativeEngine>(
      config, *source, open_tokenizer(target, config),
      NativeOptions{.device = device_of(target),
                    .weights = kept_as(target, config),
                    .fast = numerics_of(target) == "fast",
                    .threads = integer_of(target, "threads", 0),
                    .limits = {.kv_bytes = kv_budget_of(target),
                               .softmax = softmax_dtype_of(target, config)}});
}

}  // namespace moe
