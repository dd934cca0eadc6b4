// One safetensors file: eight bytes that say how long the header is, a JSON header, the tensors.
// (https://github.com/huggingface/safetensors, format)
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "models/checkpoint/file_mapping.h"
#include "models/checkpoint/weights.h"

namespace moe {

class Safetensors {
 public:
  /// Maps the file and checks its header: length, JSON, dtypes, shapes against bytes, offsets that
  /// overlap, leave gaps or leave the file. Error names file, tensor, expected and found.
  explicit Safetensors(const std::filesystem::path&);

  struct Tensor {
    std::string dtype;  // as written: "BF16"
    std::vector<std::int64_t> shape;
    std::size_t begin = 0, end = 0;  // bytes after the header
  };
  const std::map<std::string, Tensor>& tensors() const { return tensors_; }

  /// Valid while the file stays where it is in memory. Error where the tensor is absent or of a
  /// dtype that weights do not have.
  WeightView view(const std::string& name) const;
  /// The tensor's bytes, whatever their dtype.
  std::span<const std::byte> bytes(const std::string& name) const;
  void release() const { mapping_.release(); }
  const std::filesystem::path& file() const { return file_; }

 private:
  const Tensor& at(const std::string& name) const;

  std::filesystem::path file_;
  FileMapping mapping_;
  std::size_t data_begin_ = 0;
  std::map<std::string, Tensor> tensors_;
};

}  // namespace moe
