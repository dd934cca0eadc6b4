#include "kernels/cuda_module.h"

#include <dlfcn.h>

#include "harness/error.h"

namespace moe {
namespace {

using Entry = const CudaApi* (*)();

}  // namespace

CudaModule::CudaModule(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "libmoe_cuda.so";
  if (!std::filesystem::exists(file)) {
    reason_ = fmt::format("{} was not built (configure with -DMOE_CUDA=ON)", file.string());
    return;
  }
  handle_.reset(dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (handle_ == nullptr) {
    reason_ = fmt::format("{} cannot be loaded: {}", file.string(), dlerror());
    return;
  }
  const auto entry = reinterpret_cast<Entry>(dlsym(handle_.get(), "moe_cuda_module"));
  if (entry == nullptr) {
    reason_ = fmt::format("{} has no moe_cuda_module", file.string());
    return;
  }
  const CudaApi* api = entry();
  if (api->version != kCudaModuleVersion) {
    reason_ = fmt::format("{} has version {}, this program wants {}", file.string(), api->version,
                          kCudaModuleVersion);
  } else if (api->device_count() == 0) {
    reason_ = "no GPU on this machine";
  } else {
    api_ = api;
  }
}

void CudaModule::Close::operator()(void* handle) const {
  dlclose(handle);
}

}  // namespace moe
