"""Which vector instructions everybody is held to, and the proof that they keep to it."""
import os
import pathlib
import sys

NATIVE, AVX2 = "native", "avx2"
CHOICES = (NATIVE, AVX2)
# Each is read by one library when it starts. oneDNN's and MKL's are PyTorch's.
LIMITS = {"MOEBENCH_INSTRUCTIONS": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2",
          "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
# What a program says of itself: the fact, and what it has to contain and must not.
SAID = {"moebench": ("instructions", "AVX2", "AVX3"), "llama.cpp": ("system", "AVX2 = 1", "AVX512"),
        "transformers": ("capability", "AVX2", "AVX512")}


def llama_folder(instructions: str) -> pathlib.Path:
    """Where install.sh put the llama.cpp compiled for these, with llama_cmake_args."""
    venv = pathlib.Path(sys.prefix)
    return venv if instructions == NATIVE else venv.parent / "llama-avx2"


def variables(instructions: str) -> dict[str, str]:
    if instructions == NATIVE:
        return {}
    folder = llama_folder(instructions)
    if not (folder / "llama_cpp").is_dir():
        raise RuntimeError(f"{folder}: no llama.cpp; `tools/peers/install.sh avx2` compiles it")
    return LIMITS | {"PYTHONPATH": str(folder)}


def environment(instructions: str) -> dict[str, str]:
    """This process's own, with these limits and no others."""
    return {name: value for name, value in os.environ.items() if name not in LIMITS} | variables(instructions)


def limits_text(instructions: str) -> str:
    if instructions == NATIVE:
        return "Everybody uses the best vector instructions that this processor has."
    settings = ", ".join(f"`{name}={value}`" for name, value in LIMITS.items())
    return f"Everybody is held to AVX2, as on a processor without better: {settings}; llama.cpp compiled without better ones."


def check_limits(instructions: str, program: str, facts: dict) -> None:
    """A program that uses more than it may is not timed."""
    if instructions == NATIVE:
        return
    fact, expected, refused = SAID[program]
    found = facts[fact]
    if expected not in found or refused in found:
        raise RuntimeError(f"{program}: {fact}: expected {expected} and no {refused}, found {found}")
    if program == "transformers" and facts["onednn_bf16"]:
        raise RuntimeError("transformers: oneDNN multiplies bf16: it uses more than AVX2")
