"""What tables, figures and captions say of runs shown together: data, origin, which runs are pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from score_mlx.runs.objective import CLASSIFICATION, REGRESSION
from score_mlx.runs.run import FoldRun, Run
from score_mlx.runs.spec import Spec
from score_mlx.system.errors import UserError

# Whose result counts, and how tables call it.
EPOCHS = {
    "best": "best epoch",  # of each test fold, as the paper selects it
    "last": "last epoch",
    "held_out": "epoch chosen on the other folds",
}
Pair = tuple[FoldRun, FoldRun]
NO_VALUE = "the paper gives no value"


def show_versions(versions: dict[str, str]) -> str:
    """`mlx=0.32.4 numpy=2.4.6`, by name."""
    return " ".join(f"{name}={value}" for name, value in sorted(versions.items()))


def require_one_dataset(runs: Iterable[FoldRun]) -> None:
    """Check that runs can share a table: they learn the same targets of the same molecules in the same folds.

    Raises:
        UserError: two runs differ in data, folds or task.
    """
    runs = list(runs)
    for run in runs[1:]:
        if run.spec.task != runs[0].spec.task:
            found = f"learns {run.spec.task}, expected {runs[0].spec.task} as {runs[0].spec.path('')}"
            raise UserError(f"{run.spec.path('')}: {found}: these records cannot share a table")
        for key in ("name", "sha256", "folds_sha256"):
            ours, theirs = getattr(run.dataset, key), getattr(runs[0].dataset, key)
            if ours != theirs:
                raise UserError(
                    f"{run.spec.path('')}: dataset {key} is {ours}, expected {theirs} as in {runs[0].spec.path('')}: "
                    "these records cannot share a table"
                )


def paired(
    runs: Iterable[FoldRun], by: Callable[[FoldRun], str], second: Callable[[FoldRun], bool], both: str
) -> list[Pair]:
    """Runs that belong together, in the order in which a pair's first one comes.

    Args:
        runs: of both kinds.
        by: the same for the two runs of a pair; names it in messages.
        second: whether a run is the pair's second.
        both: what a pair is, as `a run of SCORE and one of the native model`.

    Raises:
        UserError: one of a pair lacks.
    """
    found: dict[str, dict[bool, FoldRun]] = {}
    for run in runs:
        found.setdefault(by(run), {})[second(run)] = run
    for name, pair in found.items():
        if len(pair) < 2:
            raise UserError(f"{name}: expected {both}, found one of them")
    return [(pair[False], pair[True]) for pair in found.values()]


ORIGIN = (
    "dataset", "split", "stand_in", "preset", "cuts", "options", "seed", "device", "versions", "commit", "adopted_from",
)  # fmt: skip


def origin(run: Run) -> dict[str, Any]:
    """Where a row's numbers come from, the columns `ORIGIN` of every table."""
    return {
        "dataset": run.dataset.name,
        "split": run.split,
        "stand_in": "yes" if run.dataset.stand_in else "no",
        "preset": run.meta.preset,
        "cuts": run.cuts or "none",
        "options": run.spec.options,
        "seed": run.spec.seed,
        "device": run.meta.device,
        "versions": show_versions(run.meta.versions),
        "commit": run.meta.commit,
        "adopted_from": run.meta.adopted_from,
    }


def provenance(runs: Iterable[FoldRun]) -> str:
    """One line for captions: data, split, preset, cuts, seed, device; every value that occurs."""
    runs = list(runs)
    first = runs[0].dataset
    splits = " or ".join(distinct(run.spec.split for run in runs))
    division = "one hold-out" if splits == "holdout" else f"{len(runs[0].best)} folds ({splits})"
    parts = [f"{first.label}, {first.rows} molecules, {division}"]
    parts += [f"{first.ones} of class 1"] * (first.ones is not None and runs[0].spec.task == CLASSIFICATION)
    parts += [f"{first.dropped} {'rows' if first.dropped > 1 else 'row'} dropped"] * bool(first.dropped)
    repeats = f"{first.repeated} {'repeat' if first.repeated > 1 else 'repeats'} a molecule"
    apart = "classes differ" if first.apart else "classes agree"
    apart = f"targets up to {first.apart:.3g} apart" if runs[0].spec.task == REGRESSION else apart
    parts += [f"{repeats} ({apart})"] * bool(first.repeated)
    return "; ".join([*parts, *conditions(runs)])


def conditions(runs: Sequence[Run]) -> list[str]:
    """Preset, cuts, seed and device of runs of any family, each with every value that occurs."""
    named = {
        "preset": [run.meta.preset for run in runs],
        "cuts": [run.cuts or "none" for run in runs],
        "seed": [run.spec.seed for run in runs],
        "device": [run.meta.device for run in runs],
    }
    return [f"{name} {' or '.join(found)}" for name, values in named.items() if (found := distinct(values))]


def quantity(runs: Sequence[Any]) -> str:
    """`RMSE of logS in log10 mol/L`, as far as target and unit are known; `ROC-AUC of toxic`."""
    data, metric = runs[0].dataset, runs[0].metric
    target = f" of {data.target}" if data.target else ""
    return f"{metric.name}{target}" + (f" in {data.unit}" if data.unit and metric.in_unit else "")


def distinct(values: Iterable[Any]) -> list[str]:
    """Each value once, as text, but for None and ""."""
    return list(dict.fromkeys(str(value) for value in values if value not in (None, "")))


def warnings(runs: Sequence[FoldRun]) -> list[str]:
    """What keeps a table from being compared with the paper's, a sentence an item."""
    lines = []
    if runs[0].dataset.stand_in:
        lines.append(f"STAND-IN DATA ({runs[0].dataset.label}): no number here compares with the paper's.")
    cuts = list(dict.fromkeys(run.cuts for run in runs if run.cuts))
    if cuts:
        lines.append(f"CUT RUNS ({'; '.join(cuts)}): trained for less than in the paper, so not compared with it.")
    return lines


def lacking(missing: Sequence[Spec]) -> list[str]:
    """The note on runs without a record, none where there is nothing to say."""
    return [f"NOT COMPLETE: {len(missing)} runs have no record, first {missing[0].path('')}."] if missing else []
