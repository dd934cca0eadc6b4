#!/usr/bin/env bash
# Installs what building and running moebench needs: Debian or Ubuntu packages, and .venv with LibTorch from pinned
# wheels. Says nothing and is done in a moment when all of it is there. Exits 2 where it may not install packages.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

packages=(
  g++ cmake ninja-build ccache mold pkg-config git ca-certificates python3 python3-venv
  nlohmann-json3-dev libtomlplusplus-dev libcli11-dev libfmt-dev libsqlite3-dev libsqlitecpp-dev
  libhwy-dev libonig-dev libutf8proc-dev libssl-dev libgtest-dev libbenchmark-dev sqlite3
)

has_package() { dpkg-query -W -f '${db:Status-Status}\n' "$@" 2>/dev/null; }

# The Boost with Process v2: Debian 12 carries 1.81 beside its default, Ubuntu 24.04 and Debian 13 have 1.83. Not asked of
# apt, whose lists are empty on a bare image.
boost() {
  local version=1.83
  if [ "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" = bookworm ]; then version=1.81; fi
  echo "libboost$version-dev libboost-filesystem$version-dev"
}

install_packages() {
  local missing=() package
  for package in "${packages[@]}" $(boost); do
    [ "$(has_package "$package")" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local command="apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends --no-remove ${missing[*]}"
  echo "bootstrap: installing ${#missing[@]} packages: ${missing[*]}" >&2
  if [ "$(id -u)" -eq 0 ]; then
    sh -c "$command" >&2
  elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    sudo sh -c "$command" >&2
  else
    echo "bootstrap: packages are missing and this user may not install them. Run once:" >&2
    echo "  sudo sh -c '$command'" >&2
    exit 2
  fi
}

# A Python that the wheels are pinned for, with venv: the system's first, since a shim may lack venv.
find_python() {
  local python
  for python in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      command -v "$python"
      return
    fi
  done
  echo "bootstrap: no Python 3.11 to 3.13 with venv found (apt-get install python3-venv)" >&2
  exit 2
}

install_wheels() {
  local files=(cmake/requirements.txt)
  if [ -e /proc/driver/nvidia/version ]; then files+=(cmake/requirements-cuda.txt); fi
  local wanted stamp=.venv/.moebench-requirements
  wanted="$(cat "${files[@]}" | sha256sum)"
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -x .venv/bin/python ]; then return; fi
  local python
  python="$(find_python)" || exit 2
  echo "bootstrap: making .venv from cmake/requirements.txt (LibTorch, about 0.6 GB to download)" >&2
  rm -rf .venv
  "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: "${files[@]/#/--requirement=}" >&2
  printf '%s\n' "$wanted" >"$stamp"
}

install_packages
install_wheels
