"""config.yaml, typed: what may stand in it, its ranges, and the one line a reader gets where something is wrong."""

from __future__ import annotations

import difflib
import re
import typing
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from score_mlx.dataset_names import BUILT_IN, dataset_name
from score_mlx.errors import UserError
from score_mlx.files import write_text
from score_mlx.spec import CHOICES, GraphSpec

Name = Annotated[str, Field(min_length=1, max_length=200)]
Epochs = Annotated[int, Field(ge=1, le=100_000)]
BatchSize = Annotated[int, Field(ge=1, le=100_000)]


class Typed(BaseModel):
    """No unknown key, no silent conversion: `epochs: "150"` and `epochs: true` are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, protected_namespaces=())


class GraphSettings(Typed):
    """Sizes and training protocol of graph networks; the defaults are the paper's."""

    steps: Annotated[int, Field(ge=1, le=1000)] = GraphSpec.steps
    hidden: Annotated[int, Field(ge=1, le=65536)] = GraphSpec.hidden
    heads: Annotated[int, Field(ge=1, le=1024)] = GraphSpec.heads
    epochs: Epochs = GraphSpec.epochs
    batch_size: BatchSize = GraphSpec.batch_size
    # strict=False: YAML 1.1 reads 1e-3 as text.
    learning_rate: Annotated[float, Field(gt=0, lt=10, strict=False)] = GraphSpec.learning_rate

    @field_validator("heads")
    @classmethod
    def _divides(cls, heads: int, info: ValidationInfo) -> int:
        if info.data.get("hidden", heads) % heads:
            raise ValueError(f"expected a divisor of hidden = {info.data['hidden']}")
        return heads


class GraphCuts(Typed):
    """What a preset may lower: how long a graph network trains. Never its width, depth or heads."""

    epochs: Annotated[int, Field(ge=1, le=GraphSpec.epochs)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=GraphSpec.batch_size)] | None = None


class Preset(Typed):
    graphs: GraphCuts = GraphCuts()


class Presets(Typed):
    paper: Preset = Preset()
    laptop: Preset = Preset()
    smoke: Preset = Preset()


class Experiment(Typed):
    """A table of the paper: which models it lists, where its published values are, which figure shows the same runs."""

    title: Name
    readout: Literal[CHOICES["readout"]] = "molattfp"
    head: Literal[CHOICES["head"]] = "score_mlp"
    descriptors: bool = False
    archs: Annotated[list[Literal[CHOICES["arch"]]], Field(min_length=1)]
    configs: Annotated[list[Literal[CHOICES["config"]]], Field(min_length=1)]
    paper: Annotated[str, Field(pattern=r"^\w+\.csv$")] | None = None
    figure: Annotated[str, Field(pattern=r"^figure\w+$")] | None = None
    top: Annotated[int, Field(ge=0)] = 13


class Config(Typed):
    """Every choice. `specs` turns an experiment of it into the runs to train."""

    dataset: Name = "esol"
    smiles_column: Name = "smiles"
    target_column: Name = "target"
    name_column: Name | None = None
    target_label: Name | None = None
    target_unit: str = ""
    drop_bad: bool = False
    data_folders: Annotated[list[Name], Field(min_length=1)] = ["data/raw", "../shared/data"]
    preset: Literal["auto", "paper", "laptop", "smoke"] = "auto"
    records: Name | None = None
    features: Literal[CHOICES["features"]] = GraphSpec.features
    fidelity: Literal[CHOICES["fidelity"]] = GraphSpec.fidelity
    split: Literal["kfold"] = GraphSpec.split
    repeat: Annotated[int, Field(ge=0, le=10_000)] = GraphSpec.repeat
    seed: Annotated[int, Field(ge=0, lt=2**32)] = GraphSpec.seed
    graphs: GraphSettings = GraphSettings()
    presets: Presets = Presets()
    experiments: dict[Annotated[str, Field(pattern=r"^table\d+[a-z]?$")], Experiment] = {}

    @field_validator("dataset")
    @classmethod
    def _known_dataset(cls, value: str) -> str:
        try:
            dataset_name(value)
        except UserError as error:
            raise ValueError(str(error).removeprefix(f"dataset = {value}: ")) from None
        return value

    @property
    def own_csv(self) -> str | None:
        """The path of the reader's own CSV, None for a built-in data set."""
        return None if self.dataset in BUILT_IN else self.dataset

    @property
    def dataset_name(self) -> str:
        """Folder of `results/data`: the built-in name, or the stem of the CSV."""
        return dataset_name(self.dataset)

    def specs(self, experiment: str) -> list[GraphSpec]:
        """The runs of an experiment, architecture by architecture in the order of config.yaml."""
        chosen = self.experiments[experiment]
        common = {
            **self.graphs.model_dump(),
            **{name: getattr(self, name) for name in ("features", "fidelity", "split", "repeat", "seed")},
            **{name: getattr(chosen, name) for name in ("readout", "head", "descriptors")},
        }
        return [
            GraphSpec(self.dataset_name, arch, config, **common) for arch in chosen.archs for config in chosen.configs
        ]


def load(path: str | Path, overrides: dict[str, Any] | None = None) -> Config:
    """config.yaml with `overrides` (as from `--config`) laid over it, key by key.

    Raises:
        UserError: one line with the file, the key, what was found and the nearest valid key or range.
    """
    path = Path(path)
    try:
        base = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(base, dict):
        raise UserError(f"{path}: expected keys and values, found {type(base).__name__}")
    return validate(merge(base, overrides or {}), path.name, base)


def validate(values: dict[str, Any], file: str = "config.yaml", base: dict[str, Any] | None = None) -> Config:
    """`values` as a Config. `base` is what stood in `file`: anything else came from the command line."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        problems = sorted(error.errors(), key=lambda p: p["type"] != "extra_forbidden")  # misspelt keys first
        line = _explain(problems[0], file, values if base is None else base)
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise UserError(line + more) from None


def retyped(given: Any) -> Any:
    """`--config` as config.yaml would be read: Snakemake leaves `true`, `null` and all nested numbers there as text."""
    if isinstance(given, dict):
        return {key: retyped(value) for key, value in given.items()}
    if isinstance(given, list):
        return [retyped(value) for value in given]
    if isinstance(given, str) and given:
        try:
            value = yaml.safe_load(given)
        except yaml.YAMLError:
            return given
        return value if value is None or isinstance(value, bool | int | float) else given
    return given


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` laid over `base`; nested mappings are merged, anything else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def dump(config: Config, path: Path) -> None:
    """Write `config` as YAML that `load` reads back to the same values; an unchanged file is left alone."""
    text = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)
    text = "# Written by the pipeline: config.yaml with --config and the preset applied.\n" + text
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)


_CLEARER = {"model_type": "keys and values", "dict_type": "keys and values", "invalid_key": "text"}


def _explain(problem: Any, file: str, base: dict[str, Any]) -> str:
    """One line for one of pydantic's errors."""
    keys = [str(k) for k in problem["loc"] if k != "[key]"]
    value, dotted = problem["input"], ".".join(keys)
    if problem["type"] == "extra_forbidden" or "[key]" in problem["loc"]:
        valid = _valid_keys(keys[:-1])
        parent = ".".join([*keys[:-1], ""])
        near = difflib.get_close_matches(keys[-1], valid, n=1, cutoff=0.5)
        where = file if _stands_in(base, keys) else "--config"
        hint = _hint([parent + n for n in near]) or f"; valid here: {', '.join(valid)}"
        return f"{where}: unknown key '{dotted}'{hint}"
    if problem["type"] == "missing":
        where = file if _stands_in(base, keys[:-1]) else "--config"
        return f"{where}: key '{dotted}' is missing"
    where = file if _lookup(base, keys) == value else "--config"
    expected = problem["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    expected = _CLEARER.get(problem["type"], expected)
    near = []
    if problem["type"] == "literal_error":
        near = difflib.get_close_matches(str(value), re.findall(r"'(\w+)'", problem["ctx"]["expected"]), n=1)
    if problem["type"] != "value_error":
        expected = f"expected {expected}"
    return f"{where}: {dotted} = {value!r}: {expected}{_hint(near)}"


def _valid_keys(keys: list[str]) -> list[str]:
    """The keys that may stand under `keys`, found by walking the types."""
    kind: Any = Config
    for key in keys:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = kind.model_fields[key].annotation
        elif typing.get_origin(kind) is dict:
            kind = typing.get_args(kind)[1]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return list(kind.model_fields)
    return ["table1", "table2", "table7a"]


def _lookup(base: Any, keys: list[str]) -> Any:
    for key in keys:
        if isinstance(base, dict):
            base = base.get(key)
        elif isinstance(base, list) and key.isdigit() and int(key) < len(base):
            base = base[int(key)]
        else:
            return None
    return base


def _stands_in(base: Any, keys: list[str]) -> bool:
    parent = _lookup(base, keys[:-1])
    return isinstance(parent, dict) and keys[-1] in map(str, parent)


def _hint(near: list[str]) -> str:
    return f"; did you mean '{near[0]}'?" if near else ""
