"""What a run is: a typed value with a path of its own, so that a run wanted by ten targets exists once.

Each family of models has a spec of its own, `graphs/spec.py` and the like: a frozen dataclass that describes a run
completely. This module has their common base.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import Field, asdict, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from score_mlx.data.splits import SPLITS, STRATIFIED
from score_mlx.runs import plugins
from score_mlx.runs.objective import CLASSIFICATION, OBJECTIVES, REGRESSION, TASKS, Objective
from score_mlx.system.errors import UserError, unknown

Range = tuple[float, float]  # the least and the largest value of a field
NOT_NEGATIVE: Range = (0, math.inf)
POSITIVE: Range = (1, math.inf)  # of integers
RATE: Range = (1e-9, 1)  # a number that must not be 0


class Spec(ABC):
    """The base of all specs; the fields are the subclasses'.

    The defaults are the paper's, so a field at its default does not show in the path:
    `{dataset}/{family}/{named fields}/{options}/run.json` with `default` for no options.
    """

    FAMILY: ClassVar[str]
    NAMED: ClassVar[tuple[str, ...]]  # fields that are folders of the path
    CHOICES: ClassVar[dict[str, tuple[str, ...]]] = {}  # what text fields may say, the paper's first
    RANGES: ClassVar[dict[str, Range]] = {"repeat": NOT_NEGATIVE, "seed": NOT_NEGATIVE}
    PLUGGABLE: ClassVar[tuple[str, ...]] = ()  # choices to which config.yaml's plugins may add
    # Settings that cost time and that a preset or a reader may lower; a record that did so is not the paper's run.
    CUTTABLE: ClassVar[tuple[str, ...]] = ()
    # A run that differs from the paper's in one of these was made by another protocol, whatever its cuts say.
    PROTOCOL: ClassVar[tuple[str, ...]] = ()

    dataset: str
    repeat: int
    seed: int
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]  # every subclass that is made is a dataclass

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", str(self.dataset)):  # a folder's name, which must not lead elsewhere
            raise UserError(f"dataset = {self.dataset}: expected a name of letters, digits, '-' and '_'")
        for name, allowed in self.CHOICES.items():
            if getattr(self, name) in allowed:
                continue
            known = (*allowed, *plugins.names(name)) if name in self.PLUGGABLE else allowed
            if getattr(self, name) not in known:
                raise UserError(unknown(f"{name} =", getattr(self, name), known))
        for name, (least, most) in self.RANGES.items():
            if not least <= getattr(self, name) <= most:
                expected = f"at least {least}" if math.isinf(most) else f"{least:g} to {most:g}"
                raise UserError(f"{name} = {getattr(self, name)}: expected {expected}")

    @property
    @abstractmethod
    def model(self) -> str:
        """Name in the paper's tables."""

    @property
    def timed(self) -> bool:
        """Whether training ends by the clock, so that another execution gives other numbers."""
        return False

    @property
    @abstractmethod
    def work(self) -> float:
        """The relative cost of training among runs of the same `kind`, in any unit."""

    @property
    def kind(self) -> tuple[str, str]:
        """Family and architecture, network or method: runs of one kind cost about the same."""
        return self.FAMILY, getattr(self, self.NAMED[0])

    @property
    def configuration(self) -> str:
        """How depth is built, "" for a family that has no such choice."""
        return getattr(self, "config", "")

    @property
    def without_repeat(self) -> Self:
        """The same with repeat and seed 0: what repetitions of one run have in common."""
        return self.with_known(repeat=0, seed=0)

    @property
    def options(self) -> str:
        """The fields that differ from their defaults, as `name=value` in field order, or `default`."""
        changed = [f for f in self.option_fields() if getattr(self, f.name) != f.default]
        return ",".join(f"{f.name}={_show(getattr(self, f.name))}" for f in changed) or "default"

    def path(self, root: str | Path = "results/runs") -> Path:
        """The path of this run's record below `root`."""
        named = (getattr(self, name) for name in self.NAMED)
        return Path(root, self.dataset, self.FAMILY, *named, self.options, "run.json")

    @classmethod
    def from_path(cls, path: str | Path) -> Self:
        """The spec that a record's path describes; the inverse of `path`.

        Raises:
            UserError: the path is not one that `path` could have made.
        """
        parts = Path(path).parts[-len(cls.NAMED) - 4 :]
        if len(parts) < len(cls.NAMED) + 4 or parts[-1] != "run.json" or parts[1] != cls.FAMILY:
            raise UserError(f"{path}: expected {cls.pattern()}")
        dataset, _, *named, options, _ = parts
        kind = cls.variant(*named)
        values = {"dataset": dataset, **dict(zip(cls.NAMED, named, strict=True)), **kind.parse_options(options)}
        spec = kind(**values)
        if not isinstance(spec, cls):
            raise UserError(f"{path}: a {type(spec).__name__}, expected a {cls.__name__}")
        if spec.options != options:
            raise UserError(f"{path}: options read '{options}', expected the canonical form '{spec.options}'")
        return spec

    @classmethod
    def variant(cls, *named: str) -> type[Spec]:
        """The class whose fields a run of these names has."""
        return cls

    @classmethod
    def pattern(cls) -> str:
        """The form of a record's path, for messages."""
        return "/".join(["...", "<dataset>", cls.FAMILY, *(f"<{name}>" for name in cls.NAMED), "<options>", "run.json"])

    @classmethod
    def parse_options(cls, text: str) -> dict[str, Any]:
        """`head=mlp,steps=3` -> {"head": "mlp", "steps": 3}, each value in its field's type."""
        if text.strip() in ("", "default"):
            return {}
        types: dict[str, type[Any]] = {f.name: type(f.default) for f in cls.option_fields()}
        values: dict[str, Any] = {}
        for item in text.split(","):
            name, equals, value = (part.strip() for part in item.partition("="))
            if not name or (not equals and name in types):
                raise UserError(f"options '{text}': found '{item.strip()}', expected name=value, separated by commas")
            if name not in types:
                raise UserError(unknown("option", name, tuple(types)))
            if name in values:
                raise UserError(f"options '{text}': {name} is given twice")
            values[name] = _read(name, value, types[name])
        return values

    @classmethod
    def option_fields(cls) -> list[Field[Any]]:
        """Fields that the `<options>` part of a record's path may set: all but the data and those in `NAMED`."""
        return [f for f in fields(cls) if f.name not in ("dataset", *cls.NAMED)]

    def published(self, name: str) -> Any:
        """The paper's value of a setting for a run like this: the field's default, unless the family overrides it."""
        return getattr(type(self), name)

    def cuts(self) -> list[dict[str, Any]]:
        """Each training setting below the paper's, with both values; empty means comparable with the paper."""
        pairs = [(name, getattr(self, name), self.published(name)) for name in self.CUTTABLE]
        return [{"setting": name, "ours": ours, "paper": paper} for name, ours, paper in pairs if ours < paper]

    def earlier_cuts(self) -> list[dict[str, Any]]:
        """What an earlier version wrote into a record as `cuts`, where it read the paper's values differently."""
        return self.cuts()

    def departures(self, but: tuple[str, ...] = ()) -> list[str]:
        """Fields of the protocol that differ from the paper's, as `steps 3`; those in `but` may."""
        pairs = [(name, getattr(self, name), self.published(name)) for name in self.PROTOCOL if name not in but]
        return [f"{name} {ours}" for name, ours, paper in pairs if ours != paper]

    def as_dict(self) -> dict[str, Any]:
        """Every field by its name, as a record's `spec` has them."""
        return asdict(self)

    def with_known(self, **changes: Any) -> Self:
        """A copy with these values, of which those for unknown fields are ignored."""
        known = self.as_dict()
        return replace(self, **{name: value for name, value in changes.items() if name in known})


class FoldSpec(Spec):
    """The base of all specs of models that are trained on folds of molecules."""

    CHOICES: ClassVar[dict[str, tuple[str, ...]]] = {"split": SPLITS, "task": TASKS}
    PROTOCOL: ClassVar[tuple[str, ...]] = ("split",)
    ITERATIVE: ClassVar[bool] = True  # whether best and last epoch can differ

    split: str
    epochs: int
    scale_targets: bool
    task: str = REGRESSION  # of a family without such a field

    def __post_init__(self) -> None:
        super().__post_init__()
        classes = self.task == CLASSIFICATION
        if self.split == STRATIFIED and not classes:
            raise UserError(f"split = {self.split}: shares of classes, expected it with task = {CLASSIFICATION} only")
        if classes and self.scale_targets:
            raise UserError(f"scale_targets = true: classes have no scale, expected false with task = {self.task}")

    @property
    def objective(self) -> Objective:
        """What is learnt."""
        return OBJECTIVES[self.task]

    def as_dict(self) -> dict[str, Any]:
        """Every field; not the task where it is the paper's, which records do not name."""
        values = super().as_dict()
        if self.task == REGRESSION:
            values.pop("task", None)
        return values

    @property
    def work(self) -> float:
        """Epochs, times what an epoch costs in blocks: one, and about three more for input, head and optimiser."""
        return self.epochs * 4.0

    @property
    def uses_descriptors(self) -> bool:
        """Whether the run reads the RDKit descriptors."""
        return False

    @property
    def ranked_by(self) -> FoldSpec | None:
        """The model whose SHAP values choose the descriptors that this run reads, if any does."""
        return None

    @property
    def graph_features(self) -> str | None:
        """Which atom and bond features the run reads, if any."""
        return None


class NetworkSpec(FoldSpec):
    """The base of all specs of networks that are trained on folds of molecules, epoch by epoch."""

    batch_size: int
    learning_rate: float
    bias_correction: bool


S = TypeVar("S", bound=Spec)


def of_type(specs: Iterable[Spec], kind: type[S]) -> list[S]:
    """Those of the specs that are of that type, in their order."""
    return [spec for spec in specs if isinstance(spec, kind)]


def results_of(spec: Spec, made: Path | None) -> Path:
    """The results folder that contains `made`, the record or the SHAP values of `spec`.

    Snakemake may keep all of it elsewhere than under `results` (`--default-storage-provider`).
    """
    depth = len(spec.path("").parts)  # of a record below results/runs
    if made is not None and len(made.parents) > depth and made.parents[depth - 1].name in ("runs", "shap"):
        return made.parents[depth]
    return Path("results")


def _read(name: str, value: str, kind: type[Any]) -> Any:
    if kind is bool:
        if value not in ("true", "false"):
            raise UserError(f"option {name}={value}: expected true or false")
        return value == "true"
    try:
        return kind(value)
    except ValueError:
        raise UserError(f"option {name}={value}: expected {kind.__name__}") from None


def _show(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
