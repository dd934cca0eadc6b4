// Writes a safetensors file: one that Safetensors and Hugging Face's own reader open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "models/checkpoint/weights.h"

namespace moe {

/// A tensor to be written: row-major elements that somebody else owns.
struct SavedTensor {
  std::string name;
  StorageFormat format = StorageFormat::f32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
};

/// Writes the tensors in the order of their names, whole or not at all (harness/durable_file.h),
/// and `metadata` as "__metadata__". Error on a name that stands twice, on bytes that are not those
/// of the shape, and on a place that cannot be written; it names the file, and nothing is left
/// there.
void write_safetensors(const std::filesystem::path&, std::span<const SavedTensor>,
                       const std::map<std::string, std::string>& metadata);

}  // namespace moe
