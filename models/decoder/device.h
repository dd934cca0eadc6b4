// Where LibTorch computes: "cpu", or "cuda" where its CUDA part and a GPU are at hand. The program
// links the CPU part only; the CUDA part is loaded when it is asked for.
#pragma once

#include <string_view>

#include "models/config.h"
#include "models/decoder/torch.h"

namespace moe {

/// The device `name` ("cpu", "cuda", "cuda:1"), its library loaded and TF32 off. Error says what is
/// missing: the library, one of its own libraries, the GPU.
at::Device open_device(std::string_view name);

/// Waits until everything queued on the device is done. Returns at once on a CPU.
void synchronise(const at::Device&);

/// Bytes that may still be taken on the device: of the machine under its cgroup's limit, or of the
/// GPU.
std::int64_t available_bytes_on(const at::Device&);

at::ScalarType scalar_type(DType);
/// The dtype of tensors with these options; Error where it is none of ours.
DType dtype_of(const at::TensorOptions&);

}  // namespace moe
