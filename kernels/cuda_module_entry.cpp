// What libmoe_cuda.so exports: one function that hands out its table.
#include <cuda_runtime_api.h>

#include "kernels/cuda.h"
#include "kernels/cuda_module.h"

namespace moe {

std::span<const Router* const> cuda_routers();

namespace {

int device_count() {
  int count = 0;
  const cudaError_t code = cudaGetDeviceCount(&count);
  if (code == cudaErrorNoDevice || code == cudaErrorInsufficientDriver) return 0;
  cuda_check(code);
  return count;
}

void* allocate(std::size_t bytes) {
  void* pointer = nullptr;
  cuda_check(cudaMalloc(&pointer, bytes));
  return pointer;
}

void release(void* pointer) {
  cuda_check(cudaFree(pointer));
}

void to_device(void* device, const void* host, std::size_t bytes) {
  cuda_check(cudaMemcpy(device, host, bytes, cudaMemcpyHostToDevice));
}

void to_host(void* host, const void* device, std::size_t bytes) {
  cuda_check(cudaMemcpy(host, device, bytes, cudaMemcpyDeviceToHost));
}

void synchronise() {
  cuda_check(cudaDeviceSynchronize());
}

}  // namespace
}  // namespace moe

extern "C" __attribute__((visibility("default"))) const moe::CudaApi* moe_cuda_module() {
  static const moe::CudaApi kApi = {
      .version = moe::kCudaModuleVersion,
      .device_count = moe::device_count,
      .allocate = moe::allocate,
      .release = moe::release,
      .to_device = moe::to_device,
      .to_host = moe::to_host,
      .synchronise = moe::synchronise,
      .routers = moe::cuda_routers(),
  };
  return &kApi;
}
