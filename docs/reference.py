"""Pages of the documentation that are made from the code: command line, configuration, API, ledger, claims."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import config_reference
import typer
import yaml
from score_mlx import cli
from score_mlx.system.errors import UserError
from typer.cli import get_docs_for_click

# What the API's pages show: a module or package by its name, wherever in the package it lies.
API = {
    "depth": "Depth",
    "nn": "Layers",
    "graphs": "Graph networks",
    "runs": "Runs",
    "plugins": "Plugins",
}
LEDGER_FIELDS = {"Place": "where", "Text": "text", "Code": "code", "Here": "ours", "Effect": "effect"}
CLAIM_FIELDS = {"Place": "where", "Test": "test", "Refuted by": "refuted_by", "Family": "family"}
LEDGER_KINDS = {
    "disagreement": "Where text and code differ",
    "error": "What cannot be as printed",
    "choice": "What neither says",
    "code_only": "What only the code says",
}


def pages(repo: Path) -> Iterator[tuple[str, str]]:
    """(place in the site, text) of every page.

    Raises:
        UserError: a module of `API` is not found.
    """
    yield "reference/cli.md", command_line()
    yield "reference/config.md", config_reference.page(repo / "config.yaml")
    yield "open-points.md", open_points(_yaml(repo / "data/paper/ledger.yaml"))
    yield "reference/claims.md", claims(_yaml(repo / "data/paper/claims.yaml"))
    package = Path(cli.__file__).resolve().parents[1]
    for name, title in API.items():
        yield f"reference/api/{name}.md", api(package, name, title)


def command_line() -> str:
    """Every command with its options."""
    command = typer.main.get_command(cli.app)
    _whole_summaries(command)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name="score-mlx", title="Command line")
    return html.unescape(text)


def _whole_summaries(command: Any) -> None:
    """Lists of commands otherwise show 45 characters of what each one says of itself."""
    for below in getattr(command, "commands", {}).values():
        below.short_help = " ".join((below.help or "").strip().split("\n\n")[0].split())
        _whole_summaries(below)


def api(package: Path, name: str, title: str) -> str:
    """A directive for mkdocstrings a module, the package's own first."""
    found = sorted(path for path in package.rglob(name) if (path / "__init__.py").is_file())
    found += sorted(package.rglob(f"{name}.py"))
    if not found:
        raise UserError(f"{package}: no module {name}, expected the one that docs/reference.py lists")
    home = found[0]
    files = [home / "__init__.py", *sorted(home.glob("*.py"))] if home.is_dir() else [home]
    modules = list(dict.fromkeys(_dotted(package, file) for file in files))
    modules = [module for module in modules if not module.endswith("__main__")]
    return f"# {title}\n\n" + "\n".join(f"::: {module}\n" for module in modules)


def open_points(ledger: list[dict[str, Any]]) -> str:
    """What the paper leaves open, from the ledger."""
    lines = [
        "# What the paper leaves open\n",
        "Where the paper's text and its author's code differ, where one of them cannot be right, and where neither "
        "says what was done. The source of this page is `data/paper/ledger.yaml`; tables and the results page point "
        "to its entries.\n",
    ]
    for kind, heading in LEDGER_KINDS.items():
        lines.append(f"## {heading}\n")
        for entry in (entry for entry in ledger if entry["kind"] == kind):
            lines += _ledger_entry(entry)
    return "\n".join(lines)


def _ledger_entry(entry: dict[str, Any]) -> list[str]:
    shown = {name: _text(entry[key]) for name, key in LEDGER_FIELDS.items() if entry[key]}
    if entry["switch"]:
        values = ", ".join(f"`{value}`" for value in entry.get("values", []))
        shown["Setting"] = f"`{entry['switch']}`" + (f": {values}" if values else "")
    return [f"### {entry['id']}\n", *_list(shown)]


def claims(listed: list[dict[str, Any]]) -> str:
    """The claims of the paper's text with the test of each."""
    lines = [
        "# Claims and their tests\n",
        "What the paper claims in words, with the test that decides and what would refute it, from "
        "`data/paper/claims.yaml`.\n",
    ]
    for entry in listed:
        shown = {name: _text(entry[key]) for name, key in CLAIM_FIELDS.items()}
        lines += [f"## {entry['id']}\n", f"{_text(entry['claim'])}.\n", *_list(shown)]
    return "\n".join(lines)


def _list(shown: dict[str, str]) -> list[str]:
    return [*(f"- **{name}**: {value}" for name, value in shown.items()), ""]


def _text(value: Any) -> str:
    """Text that is shown as it is written."""
    text = html.escape(" ".join(str(value).split()), quote=False)
    for mark in "\\|*_[]`":
        text = text.replace(mark, f"\\{mark}")
    return text


def _dotted(package: Path, file: Path) -> str:
    parts = file.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
