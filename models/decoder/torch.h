// The only place that includes LibTorch: 12 s a file, 2 s where it is precompiled (torch/torch.h
// would be 31 s and 15 s), so it is the precompiled header of models/decoder and nothing else sees
// it.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace moe {
using at::Tensor;
}  // namespace moe
