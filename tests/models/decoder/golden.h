// What another program computed: a safetensors file of float32 and int64 tensors. The checkpoint
// reader knows weights only, so int64 is read here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

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

}  // namespace moe
