// The CUDA kernels, as a module that is loaded where there is a GPU: libmoe_cuda.so beside the
// program.
//
// The program itself links nothing of CUDA, so one build serves machines with and without a GPU.
// The module carries its own runtime, kernels for several architectures and the few calls a host
// needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "kernels/router/router.h"

namespace moe {

inline constexpr int kCudaModuleVersion = 2;

/// What the module offers. All functions throw Error on a CUDA failure.
struct CudaApi {
  int version;
  int (*device_count)();
  void* (*allocate)(std::size_t bytes);
  void (*release)(void*);
  void (*to_device)(void* device, const void* host, std::size_t bytes);
  void (*to_host)(void* host, const void* device, std::size_t bytes);
  void (*synchronise)();
  std::span<const Router* const> routers;
};

/// The loaded module, or why there is none: not built, not loadable, no GPU.
class CudaModule {
 public:
  /// Looks for libmoe_cuda.so in `folder`.
  explicit CudaModule(const std::filesystem::path& folder);

  const CudaApi* api() const { return api_; }            // null where there is none
  const std::string& reason() const { return reason_; }  // empty where there is one

 private:
  struct Close {
    void operator()(void* handle) const;
  };
  std::unique_ptr<void, Close> handle_;
  const CudaApi* api_ = nullptr;
  std::string reason_;
};

}  // namespace moe
