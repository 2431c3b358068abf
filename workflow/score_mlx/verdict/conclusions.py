"""results/conclusions.csv: five to eight sentences of conclusions, generated from the other tables.

README and the page open the verdict with them. A sentence whose records are missing is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from score_mlx.experiments.beyond.factorial import table as factorial
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.run import FoldRun, of_kind
from score_mlx.runs.spec import of_type
from score_mlx.stats.statistics import Mean
from score_mlx.tables.runs import EPOCHS
from score_mlx.tables.table import Readable
from score_mlx.verdict import effects, epochs, informativeness
from score_mlx.verdict.claim_table import surviving
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import CLAIM_VERDICTS, CONFIRMED, NOT_RUN, NOT_TESTABLE
from score_mlx.verdict.pool import UndecidedError

COLUMNS = ("about", "value", "low", "high", "sentence")
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Judged:
    """The tables that the sentences are made of."""

    evidence: Evidence
    numbers_sentence: str
    claims: Rows
    informativeness: Rows
    epochs: Rows


def conclusions_table(judged: Judged) -> list[dict[str, Any]]:
    """One row a sentence, with the keys `COLUMNS`."""
    rows = []
    for make in MADE_BY:
        rows += [dict.fromkeys(COLUMNS) | row for row in _there(make, judged)]
    return rows


def caption() -> list[str]:
    """What a reader of the table must know, a sentence an item."""
    return ["Generated from the tables of the verdict. In brackets 95 % intervals; RMSE on ESOL in log10 mol/L."]


def _there(make: Callable[[Judged], Iterator[dict[str, Any]]], judged: Judged) -> list[dict[str, Any]]:
    try:
        return list(make(judged))
    except (UndecidedError, KeyError):  # records are missing; config.yaml lists other models
        return []


def _update(judged: Judged) -> Iterator[dict[str, Any]]:
    found = effects.effect(judged.evidence, effects.UPDATE)
    text = f"The averaging update (skip05) changes a stack's RMSE by {_shown(found.mean)}, "
    text += f"mean of Tables 2 to 5 and {len(found.archs)} architectures: {_effect(found.mean)}."
    yield _row("averaging update", found.mean, text)


def _sharing(judged: Judged) -> Iterator[dict[str, Any]]:
    found = effects.effect(judged.evidence, effects.SHARING)
    text = "Sharing one block instead of stacking K, with the same update, "
    text += f"changes RMSE by {_shown(found.mean)}: {_effect(found.mean)}"
    size = _claim(judged, "fewer_parameters")
    yield _row("sharing", found.mean, f"{text}; {size['reason']}." if size else f"{text}.")


def _one_form(judged: Judged) -> Iterator[dict[str, Any]]:
    """Step and sharing by the factorial whose six corners have one form, of Table 2's readout and head."""
    pool = judged.evidence.pool
    listed = of_type(judged.evidence.config.beyond_specs("factorial"), GraphSpec)
    wanted = [spec for spec in listed if spec.fidelity == "as_text"]
    first = next(spec for spec in wanted)  # of the first setting, which is Table 2's
    like_first = [spec for spec in wanted if (spec.readout, spec.head) == (first.readout, first.head)]
    found = [run for spec in like_first if (run := pool.find(spec)) is not None]
    corners = factorial.Corners(of_kind(found, FoldRun))
    archs = {spec.arch for spec in wanted}
    effects = factorial.effects(corners)
    rows = {(row["architecture"], row["effect"]): row for row in effects}
    step, sharing = (rows[factorial.ALL, effect] for effect in factorial.MAIN[:2])
    text = f"With one form for stacks and shared blocks ({step['architectures']} of {len(archs)} architectures), "
    text += f"dt below 1 changes RMSE by {_of_row(step)}; sharing one block changes it by {_of_row(sharing)}."
    for rest in dict.fromkeys(of for of, _ in rows if of.startswith(factorial.ALL_BUT)):
        least, shared = (_of_row(rows[rest, effect]) for effect in factorial.MAIN[:2])
        outlying = rest.removeprefix(factorial.ALL_BUT).upper()
        text += f" Without {outlying}, which is outlying: {least}, and {shared}."
    yield {
        "about": "one form", "value": sharing["difference"], "low": sharing["low"], "high": sharing["high"],
        "sentence": text,
    }  # fmt: skip


def _catboost(judged: Judged) -> Iterator[dict[str, Any]]:
    below = {epoch: epochs.below_catboost(judged.epochs, "table2", epoch) for epoch in EPOCHS}
    count, of = below["best"]
    if of:
        text = (
            f"Of {of} networks of Table 2, {count} have a lower RMSE than CatBoost at the best epoch of each test fold"
        )
        text += f", {below['last'][0]} after the last epoch, {below['held_out'][0]} at the epoch chosen on the others."
        yield {"about": "CatBoost", "value": count, "sentence": text}


def _depth(judged: Judged) -> Iterator[dict[str, Any]]:
    row = _claim(judged, "gat_gain")
    if row and row["statistic"] is not None:
        found = row["reason"].split("; p = ")[0].removeprefix("gain over the stack: ")
        yield {
            "about": "depth",
            "sentence": f"SCORE-GAT's gain over GAT, mean of depths 2 to 7, is {found} (claim: {row['verdict']}).",
        }


def _numbers(judged: Judged) -> Iterator[dict[str, Any]]:
    text = f"{judged.numbers_sentence} {informativeness.of_numbers(judged.informativeness[-1])}"
    yield {"about": "numbers", "sentence": text}


def _contrasts(judged: Judged) -> Iterator[dict[str, Any]]:
    text = informativeness.of_contrasts(judged.informativeness[-1])
    if text:
        yield {"about": "contrasts", "sentence": text}


def _claims(judged: Judged) -> Iterator[dict[str, Any]]:
    verdicts = [row["verdict"] for row in judged.claims]
    counts = ", ".join(f"{verdicts.count(word)} {word}" for word in CLAIM_VERDICTS if word in verdicts)
    kept, tested = surviving(judged.claims)
    rows = [row for row in judged.claims if row["family"] == "language"]
    known = [row for row in rows if row["verdict"] not in (NOT_RUN, NOT_TESTABLE)]
    text = f"{len(verdicts)} claims of the text: {counts}; of the {tested} that a test confirms, "
    text += f"Holm's adjustment over all claims leaves {kept}. "
    text += f"{len(known)} of the {len(rows)} on language models have runs as long as the paper's."
    yield {"about": "claims", "value": verdicts.count(CONFIRMED), "sentence": text}


def _claim(judged: Judged, name: str) -> Mapping[str, Any] | None:
    return next((row for row in judged.claims if row["id"] == name), None)


def _row(about: str, mean: Mean, sentence: str) -> dict[str, Any]:
    return {"about": about, "value": mean.value, "low": mean.low, "high": mean.high, "sentence": sentence}


def _shown(mean: Mean) -> str:
    return _interval(mean.value, mean.low, mean.high)


def _interval(value: float, low: float, high: float) -> str:
    value, low, high = (round(number, 3) + 0.0 for number in (value, low, high))  # no minus before a zero
    return f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"


def _of_row(row: Mapping[str, Any]) -> str:
    """An effect of the factorial with its interval, and the result of its test after Holm's adjustment."""
    shown = factorial.shown(row)
    p = f"p {row['p_holm']:.2f} after Holm" if row["p_holm"] >= 0.01 else "p < 0.01 after Holm"
    found = "no effect shown" if shown == "not shown" else "an effect"
    return f"{_interval(row['difference'], row['low'], row['high'])}, {found} ({p})"


def _effect(mean: Mean) -> str:
    return "an effect" if mean.low > 0 or mean.high < 0 else "no effect shown"


MADE_BY = (_update, _sharing, _one_form, _catboost, _depth, _numbers, _contrasts, _claims)
READABLE: Readable = (("conclusion", lambda row: row["sentence"]),)
