"""The part of ggml's interface that a graph of one mixture layer needs."""
import ctypes
import pathlib

import llama_cpp

POINTER, SIZE, INT, LONG = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int64
TYPES = {"f32": 0, "q8_0": 8, "i32": 26, "bf16": 30}  # enum ggml_type
SUCCESS = 0


class InitParams(ctypes.Structure):
    _fields_ = [("mem_size", SIZE), ("mem_buffer", POINTER), ("no_alloc", ctypes.c_bool)]


SIGNATURES = {  # result, then arguments
    "ggml_version": (ctypes.c_char_p,), "ggml_commit": (ctypes.c_char_p,), "ggml_tensor_overhead": (SIZE,),
    "ggml_graph_overhead": (SIZE,), "ggml_init": (POINTER, InitParams), "ggml_row_size": (SIZE, INT, LONG),
    "ggml_nbytes": (SIZE, POINTER), "ggml_new_graph": (POINTER, POINTER),
    "ggml_new_tensor_3d": (POINTER, POINTER, INT, LONG, LONG, LONG), "ggml_new_tensor_2d": (POINTER, POINTER, INT, LONG, LONG),
    "ggml_view_2d": (POINTER, POINTER, POINTER, LONG, LONG, SIZE, SIZE),
    "ggml_build_forward_expand": (None, POINTER, POINTER), "ggml_mul_mat_id": (POINTER, POINTER, POINTER, POINTER, POINTER),
    "ggml_swiglu_split": (POINTER, POINTER, POINTER, POINTER), "ggml_mul": (POINTER, POINTER, POINTER, POINTER),
    "ggml_add": (POINTER, POINTER, POINTER, POINTER), "ggml_fp32_to_bf16_row": (None, POINTER, POINTER, LONG),
    "ggml_quantize_chunk": (SIZE, INT, POINTER, POINTER, LONG, LONG, LONG, POINTER),
    "ggml_backend_alloc_ctx_tensors": (POINTER, POINTER, POINTER),
    "ggml_backend_tensor_set": (None, POINTER, POINTER, SIZE, SIZE),
    "ggml_backend_tensor_get": (None, POINTER, POINTER, SIZE, SIZE),
    "ggml_backend_graph_compute": (INT, POINTER, POINTER), "ggml_backend_cpu_init": (POINTER,),
    "ggml_backend_cpu_set_n_threads": (None, POINTER, INT)}


def load() -> dict:
    """Functions by their names without "ggml_", of the shared libraries beside llama_cpp's."""
    folder = pathlib.Path(llama_cpp.__file__).parent / "lib"
    libraries = {"base": ctypes.CDLL(str(folder / "libggml-base.so")), "cpu": ctypes.CDLL(str(folder / "libggml-cpu.so"))}
    functions = {}
    for name, (result, *arguments) in SIGNATURES.items():
        function = getattr(libraries["cpu" if name.startswith("ggml_backend_cpu") else "base"], name)
        function.restype, function.argtypes = result, arguments
        functions[name.removeprefix("ggml_")] = function
    return functions


def facts() -> dict:
    ggml = load()
    return {"llama_cpp_python": llama_cpp.__version__, "ggml": ggml["version"]().decode(), "commit": ggml["commit"]().decode(),
            "system": llama_cpp.llama_print_system_info().decode().strip()}
