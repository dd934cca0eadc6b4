// A vector in GPU memory, for who runs a kernel by itself.
#pragma once

#include <vector>

#include "kernels/cuda_module.h"

namespace moe {

template <typename T>
class DeviceVector {
 public:
  DeviceVector(const CudaApi& api, const std::vector<T>& host)
      : api_(api), size_(host.size()), data_(api.allocate(host.size() * sizeof(T))) {
    api_.to_device(data_, host.data(), size_ * sizeof(T));
  }
  ~DeviceVector() { api_.release(data_); }
  DeviceVector(const DeviceVector&) = delete;
  DeviceVector& operator=(const DeviceVector&) = delete;

  T* data() const { return static_cast<T*>(data_); }
  std::vector<T> to_host() const {
    std::vector<T> host(size_);
    api_.to_host(host.data(), data_, size_ * sizeof(T));
    return host;
  }

 private:
  const CudaApi& api_;
  std::size_t size_;
  void* data_;
};

}  // namespace moe
