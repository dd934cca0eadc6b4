# LibTorch as an imported target, from the wheel in .venv or from MOE_TORCH_ROOT. Only the CPU part is linked:
# device=cuda loads libtorch_cuda.so at run time, so one program serves machines with and without a GPU.
set(MOE_TORCH_ROOT "" CACHE PATH "Folder that holds LibTorch's include/ and lib/; empty: the wheel in .venv")
if(MOE_TORCH_ROOT STREQUAL "")
  file(GLOB found ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch)
  if(NOT found)
    message(FATAL_ERROR "LibTorch: no .venv with torch in ${PROJECT_SOURCE_DIR}; run ./bootstrap.sh, or give -DMOE_TORCH_ROOT=")
  endif()
  list(GET found 0 torch_root)
else()
  set(torch_root ${MOE_TORCH_ROOT})
endif()

set(MOE_TORCH_VERSION_FILE ${torch_root}/version.py)  # of the wheel; LibTorch alone has build-version
if(NOT EXISTS ${MOE_TORCH_VERSION_FILE})
  set(MOE_TORCH_VERSION_FILE ${torch_root}/build-version)
endif()

# libtorch_cpu needs libcudart and libcupti even on a machine without a GPU; they are wheels of their own.
file(GLOB torch_nvidia_lib ${torch_root}/../nvidia/cu13/lib)

add_library(moe_torch INTERFACE)
# After everything else: its include folder carries its own fmt, protobuf and more.
target_compile_options(moe_torch INTERFACE -idirafter ${torch_root}/include)
target_link_libraries(moe_torch INTERFACE ${torch_root}/lib/libtorch_cpu.so ${torch_root}/lib/libc10.so)
target_link_options(moe_torch INTERFACE
  -Wl,-rpath,${torch_root}/lib -Wl,-rpath,${torch_nvidia_lib} -Wl,-rpath-link,${torch_nvidia_lib}
  -Wl,--allow-shlib-undefined)
