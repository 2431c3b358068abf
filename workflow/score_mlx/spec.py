"""What a run is: a typed value with a path of its own, so that a run wanted by ten targets exists once."""

from __future__ import annotations

import difflib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

from score_mlx.errors import UserError

ARCHS = ("gcn", "gat", "gatv2", "gine", "mpnn", "dmpnn", "attfp", "gt")
CONFIGS = ("base", "classic", "skip05", "SCORE", "SCORE_skip05")

# What each text field may say. Order is the order of a drop-down list, the paper's choice first.
CHOICES: dict[str, tuple[str, ...]] = {
    "arch": ARCHS,
    "config": CONFIGS,
    "readout": ("molattfp", "sum"),
    "head": ("score_mlp", "mlp"),
    "integrator": ("euler", "heun", "midpoint", "rk4"),
    "features": ("rigr_author", "rigr_chemprop"),
    "fidelity": ("as_code", "as_text"),
    "split": ("kfold", "grouped", "scaffold", "file"),
}

# Settings that cost time and that a preset or a reader may lower; a record that did so is not the paper's run.
CUTTABLE = ("epochs", "batch_size", "hidden", "heads")


@dataclass(frozen=True)
class GraphSpec:
    """One graph network in one configuration, trained on all folds of one data set.

    The defaults are the paper's Table 2 (150 epochs, batch 32, Adam 1e-3, hidden 128, 4 heads, K = 4), so a default
    field does not show in the path: `esol/graphs/gat/SCORE/default/run.json`, `.../head=mlp,readout=sum/run.json`.

    Attributes:
        dataset: name of a prepared data set, a folder of `results/data`.
        arch: architecture, one of `ARCHS`.
        config: how depth is built, one of `CONFIGS`.
        steps: K, the number of applications of a block.
        integrator: how a SCORE step is integrated.
        learn_dt: SCORE with one learned step size a step instead of 1/K or 0.5.
        readout: from atom states to a molecule's vector.
        head: from the molecule's vector to the prediction.
        descriptors: whether the 217 scaled RDKit descriptors join the molecule's vector before the head.
        features: atom and bond featurisation.
        fidelity: where text and code of the paper disagree, which one is followed.
        hidden, heads: width of a state, number of attention heads.
        epochs, batch_size, learning_rate: training protocol.
        split, repeat: which folds; repeat r also means new weights.
        seed: from which each fold's initialisation, order of molecules and dropout are derived.
    """

    dataset: str
    arch: str
    config: str
    steps: int = 4
    integrator: str = "euler"
    learn_dt: bool = False
    readout: str = "molattfp"
    head: str = "score_mlp"
    descriptors: bool = False
    features: str = "rigr_author"
    fidelity: str = "as_code"
    hidden: int = 128
    heads: int = 4
    epochs: int = 150
    batch_size: int = 32
    learning_rate: float = 1e-3
    split: str = "kfold"
    repeat: int = 0
    seed: int = 42

    FAMILY: ClassVar[str] = "graphs"

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise UserError(_unknown(f"{name} =", getattr(self, name), allowed))
        for name, least in (("steps", 1), ("hidden", 1), ("heads", 1), ("epochs", 1), ("batch_size", 1), ("repeat", 0)):
            if getattr(self, name) < least:
                raise UserError(f"{name} = {getattr(self, name)}: expected an integer of at least {least}")
        if not 0 < self.learning_rate < 10:
            raise UserError(f"learning_rate = {self.learning_rate}: expected a number between 0 and 10")
        if self.hidden % self.heads:
            raise UserError(f"hidden = {self.hidden}: expected a multiple of heads = {self.heads}")
        if not self.recurrent and (self.integrator != "euler" or self.learn_dt):
            raise UserError(f"config = {self.config}: integrator and learn_dt belong to SCORE and SCORE_skip05 only")

    @property
    def recurrent(self) -> bool:
        """Whether one block is shared over all steps (SCORE) instead of K stacked ones."""
        return self.config.startswith("SCORE")

    @property
    def model(self) -> str:
        """Name in the paper's tables: `gat`, `gat_classic`, `gat_skip05`, `SCORE_gat`, `SCORE_gat_skip05`."""
        if self.config == "base":
            return self.arch
        if self.recurrent:
            return f"SCORE_{self.arch}{self.config.removeprefix('SCORE')}"
        return f"{self.arch}_{self.config}"

    @property
    def options(self) -> str:
        """The fields that differ from the paper's defaults, as `name=value` in field order, or `default`."""
        shown = [f"{f.name}={_show(getattr(self, f.name))}" for f in _OPTIONS if getattr(self, f.name) != f.default]
        return ",".join(shown) or "default"

    def path(self, root: str | Path = "results/runs") -> Path:
        """Where this run's record lies: `{root}/{dataset}/graphs/{arch}/{config}/{options}/run.json`."""
        return Path(root) / self.dataset / self.FAMILY / self.arch / self.config / self.options / "run.json"

    @classmethod
    def from_path(cls, path: str | Path) -> GraphSpec:
        """The spec that a record's path describes; the inverse of `path`.

        Raises:
            UserError: the path is not one that `path` could have made.
        """
        parts = Path(path).parts
        if len(parts) < 6 or parts[-1] != "run.json" or parts[-5] != cls.FAMILY:
            raise UserError(f"{path}: expected .../<dataset>/{cls.FAMILY}/<arch>/<config>/<options>/run.json")
        dataset, _, arch, config, options = parts[-6:-1]
        spec = cls(dataset, arch, config, **parse_options(options))
        if spec.options != options:
            raise UserError(f"{path}: options read '{options}', expected the canonical form '{spec.options}'")
        return spec

    def cuts(self) -> list[dict[str, Any]]:
        """Each training setting below the paper's, with both values; empty means comparable with the paper."""
        paper = {f.name: f.default for f in fields(self)}
        return [
            {"setting": name, "ours": getattr(self, name), "paper": paper[name]}
            for name in CUTTABLE
            if getattr(self, name) < paper[name]
        ]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


_OPTIONS = [f for f in fields(GraphSpec) if f.name not in ("dataset", "arch", "config")]


def parse_options(text: str) -> dict[str, Any]:
    """`head=mlp,steps=3` -> {"head": "mlp", "steps": 3}, each value in its field's type."""
    if text == "default":
        return {}
    types = {f.name: type(f.default) for f in _OPTIONS}
    values: dict[str, Any] = {}
    for item in text.split(","):
        name, equals, value = item.partition("=")
        if not equals or name not in types:
            raise UserError(_unknown("option", name, tuple(types)))
        values[name] = _read(name, value, types[name])
    return values


def _read(name: str, value: str, kind: type) -> Any:
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


def _unknown(what: str, found: Any, allowed: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(str(found), allowed, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return f"unknown {what} '{found}': expected one of {', '.join(allowed)}{hint}"
