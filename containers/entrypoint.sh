#!/bin/sh
# Runs a command in the project's environment; the first time on a processor the kernels are compiled, about a minute.
set -eu
project=${SCORE_PROJECT:-/opt/score-mlx}
export PATH="$project/.venv/bin:$PATH"
case $(cat "$project/.venv/.lock-name") in
*linux-*) python -m score_mlx.kernels >/dev/null || echo "going on without kernels" >&2 ;;
esac
exec "$@"
