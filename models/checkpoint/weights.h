// Weights as views: what a decoder prepares its operations from. Nobody but the operation that
// prepared a weight decides how it is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/checkpoint/file_mapping.h"
#include "models/config.h"

namespace moe {

/// How elements are stored, which need not be what they are computed in (DType).
enum class StorageFormat : std::uint8_t { f32, f16, bf16 };
std::int64_t size_of(StorageFormat);  // bytes of one element
StorageFormat format_of(DType);       // that holds elements of this dtype as they are

/// Row-major elements that somebody else owns: a mapped file or a source's buffer.
struct WeightView {
  std::span<const std::byte> bytes;
  StorageFormat format = StorageFormat::f32;
  std::vector<std::int64_t> shape;
  /// Whose elements these are, all of them; empty: those of no whole parameter.
  std::string parameter = {};  // NOLINT(readability-redundant-member-init): else g++ wants it named
  /// Where they lie, for messages: "model.safetensors: tensor norm.weight".
  std::string place = {};  // NOLINT(readability-redundant-member-init)
  /// The file that the bytes are a part of; null: they lie in memory.
  const FileMapping* mapping = nullptr;
  /// Whoever reads elements first checks that they are finite (finite.h).
  bool unchecked = false;

  std::int64_t elements() const;
  WeightView rows(std::int64_t begin, std::int64_t end) const;  // slice of the first dimension

  /// Of a file's bytes: they are read soon; they have been read, and their pages may go.
  void will_read() const;
  void release() const;
};

/// Where weights come from: a checkpoint, or a seed. Parameter names are those of family.h.
class WeightSource {
 public:
  virtual ~WeightSource() = default;
  /// The view is valid until release() or the end of the source. Error names an unknown parameter.
  virtual WeightView weight(std::string_view parameter) = 0;
  /// The same without reading it: the view may be `unchecked`.
  virtual WeightView unread(std::string_view parameter) { return weight(parameter); }
  /// Views handed out so far are no longer used; their pages or buffers may go.
  virtual void release() = 0;
  /// sha256 that identifies the weights.
  virtual std::string digest() = 0;
};

struct Target;

/// The weights of a resolved target: its checkpoint, every tensor checked against `config`, or
/// seeded ones.
std::unique_ptr<WeightSource> open_weights(const Target&, const Config& config);

}  // namespace moe
