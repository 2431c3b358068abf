"""`python -m score_mlx.kernels`: compile the kernels, unless it has been done."""

import sys

from score_mlx.errors import UserError
from score_mlx.kernels.build import build

try:
    print(f"kernels: {build()}")
except UserError as error:
    sys.exit(f"{error}\ntraining works without them, at about half the speed")
