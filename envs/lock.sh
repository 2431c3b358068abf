#!/usr/bin/env bash
# Resolves envs/requirements.in into hash-pinned locks, one a platform, and a conda environment with the same pins.
#
#   envs/lock.sh             keep every version that still fits, add what is new
#   envs/lock.sh --upgrade   take the newest versions
#
# A lock is valid for Python 3.11-3.13 and for one platform; markers inside choose by Python version and processor.
# Tested: linux-cpu.lock on x86_64, Python 3.11; with 3.12 and 3.13 it installs and imports. Resolved only, never run by us:
# aarch64, linux-cuda.lock, macos.lock (Apple silicon) and conda.yaml.
# overrides*.txt say which requirements of other packages are replaced, and why. No index or host is written into a lock.
set -euo pipefail
cd "$(dirname "$0")"

UV_VERSION=0.13.9 # the resolver is pinned too: another version may order or mark lines differently
UV=${UV:-../build/uv/bin/uv}
if ! command -v "$UV" >/dev/null; then
  python3 -m venv ../build/uv
  ../build/uv/bin/pip install -q "uv==$UV_VERSION"
fi
UV=$(command -v "$UV")
case $UV in /*) ;; *) UV=$PWD/$UV ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# resolve PYPROJECT_ENVIRONMENTS OUTPUT ARGS...: uv reads the platforms to resolve for from a pyproject.toml only.
resolve() {
  local environments=$1 output=$2
  shift 2
  printf '[tool.uv]\nenvironments = [%s]\n' "$environments" >"$work/pyproject.toml"
  cp ./*.in ./*.txt ./*.lock "$work/" 2>/dev/null || true
  (cd "$work" && "$UV" pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header \
    --no-annotate --override overrides.txt "$@" requirements.in --output-file "$output")
}

# lock NAME ENVIRONMENT ARGS...: the platform's own marker is then dropped from each line, as the file is for it alone.
lock() {
  local name=$1 environment=$2
  shift 2
  resolve "\"$environment\"" "$name.lock" --generate-hashes "$name.in" "$@"
  {
    echo "# Made by envs/lock.sh from requirements.in, $name.in and overrides*.txt: do not edit."
    sed -E "/^#/d
      s/platform_machine == 'arm64' and sys_platform == 'darwin'/HERE/g
      s/sys_platform == '(linux|darwin)'/HERE/g
      s/ and HERE//g
      s/ ; HERE//" "$work/$name.lock"
  } >"$name.lock"
  if grep -nE 'https?:|HERE' "$name.lock"; then
    echo "$name.lock: a host name or an unexpected marker, see above" >&2
    exit 1
  fi
}

# The other platforms follow linux-cpu's versions (-c), so that one commit means one set of versions everywhere.
lock linux-cpu "sys_platform == 'linux'" --override overrides-no-gpu.txt "$@"
lock linux-cuda "sys_platform == 'linux'" -c linux-cpu.lock
lock macos "sys_platform == 'darwin' and platform_machine == 'arm64'" --override overrides-no-gpu.txt -c linux-cpu.lock

# tool NAME: the lock of an environment for docs or lint, for every platform. Packages that the other locks have too get the
# same versions (-c).
tool() {
  local name=$1
  shift
  cp "$name.in" linux-cpu.lock macos.lock "$work/"
  [ ! -f "$name.lock" ] || cp "$name.lock" "$work/"
  (cd "$work" && "$UV" pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header \
    --no-annotate --generate-hashes -c linux-cpu.lock -c macos.lock "$@" "$name.in" --output-file "$name.lock")
  {
    echo "# Made by envs/lock.sh from $name.in: do not edit."
    cat "$work/$name.lock"
  } >"$name.lock"
  if grep -nE 'https?:' "$name.lock"; then
    echo "$name.lock: a host name, see above" >&2
    exit 1
  fi
}

tool docs "$@"
tool lint "$@"

resolve "\"sys_platform == 'linux' and python_version < '3.12'\",
  \"sys_platform == 'darwin' and platform_machine == 'arm64' and python_version < '3.12'\"" conda.pins \
  linux-cpu.in --override overrides-no-gpu.txt -c linux-cpu.lock -c macos.lock
{
  cat <<'HEAD'
# Made by envs/lock.sh with the versions of linux-cpu.lock and macos.lock: do not edit. Resolved, not run by us.
#   PIP_NO_DEPS=1 conda env create -f envs/conda.yaml && conda activate score-mlx
#   pip install --no-deps --no-build-isolation -e .
#   python -m score_mlx.kernels
# PIP_NO_DEPS is needed because pip would refuse the overrides (see overrides.txt); the list below is complete.
name: score-mlx
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - make
  - cxx-compiler # MLX compiles chains of operations with it at run time, we our kernels
  - pip:
HEAD
  sed -E "/^#/d
    s/ and python_full_version < '3.12'//g
    s/ ; python_full_version < '3.12' and / ; /
    s/ ; \(\(platform_machine == 'arm64' and sys_platform == 'darwin'\) or sys_platform == 'linux'\)//
    s/.*/      - \"&\"/" "$work/conda.pins"
} >conda.yaml
wc -l ./*.lock conda.yaml
