// The loops that ceilings are read off, of one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace moe {

/// Reads every byte, 64 of them aligned at a time. Returns something of all of them.
std::uint64_t read_all(std::span<const std::byte>);

/// Multiplies and adds `rounds` times in as many chains as hide the latency. Returns the operations
/// done, a multiply-add counts two; `sink` has a factor in (0, 1), and gets the sums.
double multiply_add_f32(std::int64_t rounds, float* sink);
double multiply_add_bf16(std::int64_t rounds, float* sink);

/// Does the latter multiply bfloat16 itself, by instructions that the machine has for it? Else it
/// is converted, and float32 multiplied.
bool multiplies_bf16();

}  // namespace moe
