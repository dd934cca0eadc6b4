#include "tests/models/decoder/device_test.h"

#include <filesystem>
#include <numeric>

namespace moe {

void OnDevice::SetUp() {
  if (GetParam() == "cuda" && !std::filesystem::exists("/proc/driver/nvidia/version")) {
    GTEST_SKIP() << "no GPU on this machine";
  }
  ops_ = GetParam() == "fast" ? cpu_ops(DType::f32, 2) : torch_ops(GetParam(), DType::f32);
}

const Ops& OnDevice::ops() {
  return *ops_;
}

OneSequence::OneSequence(const Ops& ops, const AttentionSpec& spec, std::int64_t rows) {
  const std::vector<TokenId> ids(static_cast<std::size_t>(rows), 0);
  const std::vector<StepSequence> sequences = {{.new_ids = ids}};
  const std::vector<LayerSpec> layers = {{.attention = spec, .feed_forward = {}}};
  step_ = ops.begin_step({.sequences = sequences, .layers = layers}, nullptr);
}

std::string device_name(const testing::TestParamInfo<std::string>& info) {
  return info.param;
}

std::vector<TokenId> some_ids(std::int64_t count, std::int64_t vocab, std::int64_t seed) {
  std::vector<TokenId> ids;
  ids.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    ids.push_back(static_cast<TokenId>((seed + 7 * i + i * i) % vocab));
  }
  return ids;
}

Tensor run(Decoder& decoder, const Step& step, KvCache* cache) {
  return decoder.head(decoder.step(step, cache).hidden_RD).to(at::kCPU);
}

Tensor logits_of(Decoder& decoder, std::span<const TokenId> ids) {
  const std::vector<std::int32_t> asked = first_rows(ids.size());
  Step step;
  step.sequences.push_back({.new_ids = ids, .position = 0, .pages = {}, .asked = asked});
  return run(decoder, step);
}

std::vector<std::int32_t> first_rows(std::size_t count) {
  std::vector<std::int32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

double difference(const Tensor& a, const Tensor& b) {
  return (a - b).abs().max().item<double>() / a.abs().max().item<double>();
}

}  // namespace moe
