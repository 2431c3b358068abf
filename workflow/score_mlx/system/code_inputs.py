"""Which modules a table, a figure or a verdict is made by: those named, and what they import of their own kind.

Snakemake makes an output again when an input is newer; an imported module is no input unless somebody lists it. A list
by hand goes stale with the next import, so this one is read from the source, without running it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
# What lies below these is computed from records; everything else that they import has a number in science.py instead.
DRAWN_FROM_RECORDS = ("stats", "tables", "plots", "experiments", "verdict", "report")


def with_imports(*names: str) -> list[str]:
    """`tables/speedup.py` -> that, `stats/warp.py` and the others that it reaches, sorted.

    Args:
        names: files below the package, templates and style sheets among them.

    Raises:
        FileNotFoundError: there is no such module.
    """
    found: set[str] = set()
    open_ = list(names)
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            open_ += _imported(name)
    return sorted(found)


@cache
def _imported(name: str) -> tuple[str, ...]:
    """The modules below `DRAWN_FROM_RECORDS` that a file imports, also inside its functions; a style sheet none."""
    if not name.endswith(".py"):
        return ()
    tree = ast.parse((PACKAGE / name).read_text(encoding="utf-8"))
    dotted = [module for statement in _statements(tree) for module in _modules(statement)]
    files = [found for module in dotted if (found := _file_of(module)) is not None]
    return tuple(dict.fromkeys(file for file in files if file.split("/")[0] in DRAWN_FROM_RECORDS))


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements below a node. No expression holds an import, so that looking into them would be time lost."""
    for block in ("body", "orelse", "finalbody", "handlers", "cases"):
        for statement in getattr(node, block, ()):
            yield statement
            yield from _statements(statement)


def _modules(node: ast.AST) -> Iterator[str]:
    """Every name that an import may mean a module by."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _file_of(module: str) -> str | None:
    """`score_mlx.stats.warp` -> `stats/warp.py`; None for what is no module of this package."""
    package, _, rest = module.partition(".")
    file = f"{rest.replace('.', '/')}.py"
    return file if package == PACKAGE.name and (PACKAGE / file).is_file() else None
