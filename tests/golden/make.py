"""Writes graphs.json anew: python tests/golden/make.py

Do so after SCIENCE["graphs"] was raised because the numbers were meant to move, and say in the commit why they did.
"""

import json
import sys
from pathlib import Path

from score_mlx import blas

sys.path.insert(0, str(Path(__file__).parent))


def main() -> None:
    blas.load()  # before MLX
    from golden_runs import STORE, now

    found = now()
    lines = [f'    "{name}": {json.dumps(losses)}' for name, losses in sorted(found["losses"].items())]
    text = '{\n  "losses": {\n' + ",\n".join(lines) + f'\n  }},\n  "science": {found["science"]}\n}}\n'
    STORE.write_text(text, encoding="utf-8")
    print(f"{STORE}: {len(lines)} runs, SCIENCE {found['science']}")


if __name__ == "__main__":
    main()
