#!/bin/sh
# environment.sh PROJECT LOCK [PACKAGES]: the project's environment in PROJECT/.venv, from a hash-pinned lock. PACKAGES, divided by
# blanks, come on top in versions that the lock allows; they are not pinned.
set -eu
project=$1 lock=$2 extra=${3:-}
cd "$project"
python3 -m venv .venv
.venv/bin/pip install --quiet --no-cache-dir --no-deps --require-hashes -r "$lock"
.venv/bin/pip install --quiet --no-cache-dir --no-deps --no-build-isolation -e .
# shellcheck disable=SC2086 # several words are several packages
if [ -n "$extra" ]; then .venv/bin/pip install --quiet --no-cache-dir $extra; fi
echo "$lock" >.venv/.lock-name
# Whoever runs the image compiles the kernels once for his processor; the library's name says which.
mkdir -p .venv/lib/score_mlx
chmod 1777 .venv/lib/score_mlx
