#include "kernels/shape_text.h"

#include <fmt/format.h>

namespace moe {

std::string text_of(const AttentionShape& shape) {
  return fmt::format("{} query heads with {} of keys, {} and {} wide", shape.H, shape.G, shape.d,
                     shape.e);
}

std::string text_of(const ExpertGemmShape& shape) {
  return fmt::format("{} experts of {} x {}, {} a token, {}", shape.E, shape.D, shape.F, shape.K,
                     name_of(shape.format));
}

std::string text_of(const LinearShape& shape) {
  return fmt::format("{} outputs of {}, {}", shape.N, shape.K, name_of(shape.format));
}

std::string text_of(const LogSoftmaxGatherShape& shape) {
  return fmt::format("a vocabulary of {}, {} wide, {}", shape.V, shape.D, name_of(shape.format));
}

std::string text_of(const RouterShape& shape) {
  return fmt::format("{} experts, {} a token", shape.E, shape.K);
}

}  // namespace moe
