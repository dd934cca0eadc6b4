// What another program computed: a safetensors file of float32 and int64 tensors, and the tiny
// checkpoints with such a file beside them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "models/checkpoint/weights.h"
#include "models/family.h"

namespace moe {

struct GoldenTensor {
  std::vector<std::int64_t> shape;
  std::vector<float> f32;  // one of the two is empty
  std::vector<std::int64_t> i64;
};

using Goldens = std::map<std::string, GoldenTensor>;

/// Every tensor of a safetensors file. Throws Error on any other dtype than F32 and I64.
Goldens read_goldens(const std::filesystem::path&);

/// tests/goldens/tiny/<family>
std::filesystem::path tiny_golden(const std::string& family);

/// A float32 model.safetensors of one file as a source, named by its family.
class GoldenWeights final : public WeightSource {
 public:
  GoldenWeights(const std::filesystem::path& folder, const Family&);
  WeightView weight(std::string_view parameter) override;
  void release() override {}
  std::string digest() override { return {}; }

 private:
  const Family& family_;
  Goldens tensors_;
};

}  // namespace moe
