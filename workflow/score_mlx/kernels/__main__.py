"""`python -m score_mlx.kernels`: compile the kernels, unless it has been done; `--lint`: with warnings as errors."""

import sys

from score_mlx.kernels.build import build, lint
from score_mlx.system.errors import UserError

if sys.argv[1:] == ["--lint"]:
    try:
        lint()
    except UserError as error:
        sys.exit(str(error))
    print("kernels: no warnings")
    sys.exit()
try:
    print(f"kernels: {build()}")
except UserError as error:
    sys.exit(f"{error}\ntraining works without them, at about half the speed")
