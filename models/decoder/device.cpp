#include "models/decoder/device.h"

#include <dlfcn.h>

#include <filesystem>
#include <string>

#include "harness/error.h"
#include "harness/memory.h"

namespace moe {
namespace {

/// The folder LibTorch's CPU part was loaded from: its CUDA part lies beside it.
std::filesystem::path torch_folder() {
  Dl_info info{};
  const auto* symbol = reinterpret_cast<const void*>(&at::globalContext);
  require(dladdr(symbol, &info) != 0 && info.dli_fname != nullptr,
          "device=cuda: cannot tell where libtorch_cpu.so was loaded from");
  return std::filesystem::path(info.dli_fname).parent_path();
}

int cuda_devices() {
  return static_cast<int>(c10::impl::VirtualGuardImpl(at::DeviceType::CUDA).deviceCount());
}

void load_cuda() {
  const std::filesystem::path library = torch_folder() / "libtorch_cuda.so";
  require(std::filesystem::exists(library),
          "device=cuda: {} is not there; this LibTorch is for the CPU only, expected one with CUDA "
          "(./bootstrap.sh installs it where there is an NVIDIA GPU)",
          library.string());
  // Never closed: LibTorch registers its kernels for the life of the process.
  const void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) {
    const char* reason = dlerror();
    require(false,
            "device=cuda: cannot load {}: {} (run ./bootstrap.sh on a machine with an NVIDIA GPU: "
            "it installs the CUDA libraries)",
            library.string(), reason != nullptr ? reason : "no reason given");
  }
  require(cuda_devices() > 0,
          "device=cuda: no GPU on this machine that CUDA can use (does nvidia-smi list one?)");
  at::globalContext().setAllowTF32CuBLAS(false);  // float32 stays float32
}

}  // namespace

at::Device open_device(std::string_view name) {
  if (name == "cpu") return at::Device(at::kCPU);
  const bool numbered = name.starts_with("cuda:") && name.size() > 5 && name.size() < 8 &&
                        name.find_first_not_of("0123456789", 5) == std::string_view::npos;
  require(name == "cuda" || numbered, "device={}: expected cpu, cuda or cuda:N", name);
  load_cuda();
  const int index = numbered ? std::stoi(std::string(name.substr(5))) : 0;
  require(index < cuda_devices(), "device={}: this machine has {} CUDA devices", name,
          cuda_devices());
  return {at::kCUDA, static_cast<at::DeviceIndex>(index)};
}

void synchronise(const at::Device& device) {
  if (device.is_cpu()) return;
  c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

std::int64_t available_bytes_on(const at::Device& device) {
  if (device.is_cpu()) return available_bytes();
  c10::DeviceAllocator& allocator = *at::getDeviceAllocator(device.type());
  constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  const c10::CachingDeviceAllocator::DeviceStats stats = allocator.getDeviceStats(device.index());
  // What the allocator keeps for the next tensor is free as well, though the driver calls it taken.
  const std::int64_t kept =
      stats.reserved_bytes[kAll].current - stats.allocated_bytes[kAll].current;
  return static_cast<std::int64_t>(allocator.getMemoryInfo(device.index()).first) + kept;
}

at::ScalarType scalar_type(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return at::kFloat;
    case DType::f16:
      return at::kHalf;
    case DType::bf16:
      return at::kBFloat16;
  }
  throw Error("a dtype that is none of f32, f16, bf16", std::source_location::current());
}

DType dtype_of(const at::TensorOptions& options) {
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    if (options.dtype().toScalarType() == scalar_type(dtype)) return dtype;
  }
  throw Error("tensors of a dtype that is none of f32, f16, bf16", std::source_location::current());
}

}  // namespace moe
