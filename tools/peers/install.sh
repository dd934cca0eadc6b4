#!/usr/bin/env bash
# Makes build/peers/venv from requirements.txt. Done in a moment where it is there already; else it downloads some 3 GB and
# compiles llama.cpp for this machine's processor.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

requirements=tools/peers/requirements.txt
venv=build/peers/venv
flags="-DGGML_NATIVE=ON -DGGML_BLAS=OFF -DGGML_OPENMP=ON -DGGML_LLAMAFILE=ON -DMTMD_BUILD=OFF"

wanted="$(cat "$requirements" <(echo "$flags") | sha256sum)"
if [ -f "$venv/requirements.sha256" ] && [ "$(cat "$venv/requirements.sha256")" = "$wanted" ]; then exit; fi

echo "peers: making $venv from $requirements (some 3 GB to download, and llama.cpp to compile)" >&2
rm -rf "$venv"
.venv/bin/python -m venv "$venv"
# A wheel from pip's cache may have been compiled with other flags.
CMAKE_ARGS="$flags" "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps --requirement "$requirements" >&2
echo "$flags" >"$venv/llama_cmake_args"
echo "$wanted" >"$venv/requirements.sha256"
