"""The page about config.yaml: each key with its default, what it may be, and the reason that the file gives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from score_mlx.cli.schema import schemas

SECTION = re.compile(r"^# -- (.*?) -+$")
LONG = ("experiments", "robustness", "beyond", "presets")  # shown as the file has them
LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def page(path: Path) -> str:
    """Markdown of the whole page; headings are the file's sections and top-level keys."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    schema = json.loads(schemas()["config.schema.json"])
    out = [
        "# Configuration\n",
        "Every choice stands in `config.yaml`. For one run, a key may be given on the command line instead: "
        "`snakemake --config dataset=nci preset=smoke`. An unknown or misspelt key stops a dry run with the nearest "
        "valid one. Defaults below are the file's, limits are those that the program checks.\n",
    ]
    keys = yaml.compose(text).value
    starts = [key.start_mark.line for key, _ in keys] + [len(lines)]
    seen = 0
    for (key, value), start, after in zip(keys, starts, starts[1:], strict=False):
        headings = [m.group(1) for line in lines[seen:start] if (m := SECTION.match(line))]
        out += [f"## {heading[0].upper()}{heading[1:]}\n" for heading in headings]
        seen = start
        out += _key(key.value, value, lines, range(start, _end(lines, after)), schema)
    return "\n".join(out)


def _key(name: str, node: yaml.Node, lines: list[str], span: range, schema: dict[str, Any]) -> list[str]:
    """One top-level key: its comment, and either its text or a table of what stands below it."""
    above = _above(lines, span.start)
    out = [f"### {name}\n", *(["```{ .text .wrap }", *above, "```\n"] if above else [])]
    if name in LONG:
        text = [f"    {lines[i]}".rstrip() for i in span]
        return [*out, '??? note "As in config.yaml"\n', "    ```yaml", *text, "    ```\n"]
    leaves = list(_leaves((name,), node, span.start))
    if len(leaves) == 1:
        (_, value, line), may = leaves[0], allowed(schema, (name,))
        about = [f"Default `{_flow(value)}`", f"allowed: {_cell(may)}" if may else "", _cell(_note(lines[line]))]
        return [*out, "; ".join(filter(None, about)) + ".\n"]
    rows = [_row(path, value, _note(lines[line]), schema) for path, value, line in leaves]
    return [*out, "| key | default | allowed | note |", "|---|---|---|---|", *rows, ""]


def _leaves(path: tuple[str, ...], node: yaml.Node, line: int) -> Iterator[tuple[tuple[str, ...], Any, int]]:
    """(path, value, line of its key) of each value that is no mapping."""
    if isinstance(node, yaml.MappingNode) and node.value:
        for key, value in node.value:
            yield from _leaves((*path, key.value), value, key.start_mark.line)
    else:
        yield path, yaml.safe_load(yaml.serialize(node)), line


def _row(path: tuple[str, ...], value: Any, note: str, schema: dict[str, Any]) -> str:
    return f"| `{'.'.join(path)}` | `{_flow(value)}` | {_cell(allowed(schema, path))} | {_cell(note)} |"


def _flow(value: Any) -> str:
    """A value as YAML on one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=1000).split("\n")[0]


def _note(line: str) -> str:
    """The comment behind a value."""
    return line.partition(" # ")[2]


def allowed(schema: dict[str, Any], path: tuple[str, ...]) -> str:
    """What a key may be, from the JSON schema, in words; "" where the schema says nothing of it."""
    node: dict[str, Any] = schema
    for part in path:
        node = _resolved(node, schema)
        node = node.get("properties", {}).get(part) or node.get("additionalProperties") or {}
        if not isinstance(node, dict):
            return ""
    return _words(_resolved(node, schema), schema)


def _words(node: dict[str, Any], schema: dict[str, Any]) -> str:
    if "anyOf" in node:
        return " or ".join(filter(None, (_words(_resolved(each, schema), schema) for each in node["anyOf"])))
    if "enum" in node:
        return ", ".join(map(str, node["enum"]))
    if "const" in node:
        return str(node["const"])
    kind = {"string": "text", "boolean": "true, false", "array": "list", "object": "mapping"}.get(
        node.get("type", ""), node.get("type", "")
    )
    limits = [f"{sign} {node[name]}" for name, sign in LIMITS.items() if name in node]
    return " ".join([kind, " and ".join(limits)]).strip()


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node


def _above(lines: list[str], start: int) -> list[str]:
    """The comment directly above a line, without `# ` and without section lines."""
    first = start
    while first > 0 and lines[first - 1].startswith("#") and not SECTION.match(lines[first - 1]):
        first -= 1
    return [line.removeprefix("#").removeprefix(" ") for line in lines[first:start]]


def _end(lines: list[str], end: int) -> int:
    """Where a key's own lines end: before the comment of the next one."""
    while end > 0 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return end


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
