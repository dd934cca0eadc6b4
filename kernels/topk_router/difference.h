// How far an implementation is from the reference on this machine.
#pragma once

#include "kernels/cuda_module.h"
#include "kernels/topk_router/topk_router.h"

namespace moe {

/// Largest difference of a weight from the reference's, over shapes of known models; infinity where
/// another expert is chosen. `cuda` is the module that an implementation on the GPU came from; null
/// for one on the CPU.
double topk_router_difference(const TopkRouter&, const CudaApi* cuda);

}  // namespace moe
