"""Brings graphs.json and language.json up to date: python tests/golden/make.py

Do so after SCIENCE of either was raised because the numbers were meant to move, and say in the commit why they did; or
after runs were added. While SCIENCE stays, stored runs keep their numbers.
"""

import json
import sys
from pathlib import Path

from score_mlx import runtime

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]


def main() -> None:
    runtime.start()  # before MLX
    import golden_language
    import golden_runs

    for module in (golden_runs, golden_language):
        found, stored = module.now(), json.loads(module.STORE.read_text(encoding="utf-8"))
        if stored["science"] == found["science"]:
            found["losses"] |= {name: old for name, old in stored["losses"].items() if name in found["losses"]}
        lines = [f'    "{name}": {json.dumps(losses)}' for name, losses in sorted(found["losses"].items())]
        text = '{\n  "losses": {\n' + ",\n".join(lines) + f'\n  }},\n  "science": {found["science"]}\n}}\n'
        module.STORE.write_text(text, encoding="utf-8")
        print(f"{module.STORE}: {len(lines)} runs, SCIENCE {found['science']}")


if __name__ == "__main__":
    main()
