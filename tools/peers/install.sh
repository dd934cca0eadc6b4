#!/usr/bin/env bash
# Makes build/peers/venv from requirements.txt; with "avx2" also build/peers/llama-avx2, the same llama.cpp for a processor
# that has no better instructions than those. Done in a moment where they are there already; else it downloads some 3 GB and
# compiles llama.cpp.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

requirements=tools/peers/requirements.txt
venv=build/peers/venv
llama_avx2=build/peers/llama-avx2
common="-DGGML_BLAS=OFF -DGGML_OPENMP=ON -DGGML_LLAMAFILE=ON -DMTMD_BUILD=OFF"
native="-DGGML_NATIVE=ON $common"
avx2="-DGGML_NATIVE=OFF -DGGML_SSE42=ON -DGGML_AVX=ON -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DGGML_BMI2=ON"
avx2="$avx2 -DGGML_AVX_VNNI=OFF -DGGML_AVX512=OFF -DGGML_AVX512_VBMI=OFF -DGGML_AVX512_VNNI=OFF -DGGML_AVX512_BF16=OFF $common"

# made FOLDER FLAGS: whether it lies there as these requirements and flags have it.
made() { [ -f "$1/requirements.sha256" ] && [ "$(cat "$1/requirements.sha256")" = "$(digest "$2")" ]; }
digest() { cat "$requirements" <(echo "$1") | sha256sum; }
# install FOLDER FLAGS ARGUMENT...: a wheel from pip's cache may have been compiled with other flags.
install() {
  CMAKE_ARGS="$2" "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps "${@:3}" >&2
  echo "$2" >"$1/llama_cmake_args"
  digest "$2" >"$1/requirements.sha256"
}

if ! made "$venv" "$native"; then
  echo "peers: making $venv from $requirements (some 3 GB to download, and llama.cpp to compile)" >&2
  rm -rf "$venv"
  .venv/bin/python -m venv "$venv"
  install "$venv" "$native" --requirement "$requirements"
fi

if [ "${1:-}" = avx2 ] && ! made "$llama_avx2" "$avx2"; then
  echo "peers: making $llama_avx2 (llama.cpp to compile)" >&2
  rm -rf "$llama_avx2"
  pinned="$(grep '^llama_cpp_python==' "$requirements")"
  install "$llama_avx2" "$avx2" --target "$llama_avx2" --no-binary llama_cpp_python "$pinned"
fi
