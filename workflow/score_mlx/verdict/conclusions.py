"""results/conclusions.csv: five to eight sentences of conclusions, generated from the other tables, each with details.

README opens with the sentences, the page with both. A sentence whose records are missing is left out.
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
from score_mlx.verdict.finding import CLAIM_VERDICTS, CONFIRMED, NOT_RUN, NOT_TESTABLE, REFUTED, UNDECIDED
from score_mlx.verdict.pool import UndecidedError

COLUMNS = ("about", "value", "low", "high", "sentence", "detail")
NO_EFFECT = "shows no effect on"
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
    text = f"The averaging update (skip05) {_effect(found.mean)} a stack's RMSE: {_interval(_of(found.mean))}."
    yield _row(
        "averaging update", _of(found.mean), text, f"Mean of Tables 2 to 5 and {len(found.archs)} architectures."
    )


def _sharing(judged: Judged) -> Iterator[dict[str, Any]]:
    found = effects.effect(judged.evidence, effects.SHARING)
    text = f"One shared block in place of K, with the same update, {_effect(found.mean)} RMSE: "
    text += f"{_interval(_of(found.mean))}."
    detail = f"Mean of Tables 2 to 5 and {len(found.archs)} architectures."
    size = _claim(judged, "fewer_parameters")
    yield _row("sharing", _of(found.mean), text, f"{detail} {size['reason']}." if size else detail)


def _one_form(judged: Judged) -> Iterator[dict[str, Any]]:
    """Step and sharing by the factorial whose six corners have one form, of Table 2's readout and head."""
    wanted = _of_one_form(judged, "factorial")
    if not wanted:
        return
    first = wanted[0]  # of the first setting, which is Table 2's
    corners = _corners(judged, [spec for spec in wanted if (spec.readout, spec.head) == (first.readout, first.head)])
    rows = {(row["architecture"], row["effect"]): row for row in factorial.effects(corners)}
    everywhere = [rows[factorial.ALL, effect] for effect in factorial.MAIN[:2]]
    archs = next((of for of, _ in rows if of.startswith(factorial.ALL_BUT)), factorial.ALL)
    step, sharing = (rows[archs, effect] for effect in factorial.MAIN[:2])
    without = f" (without {_left_out(archs)}, which is outlying)" if archs != factorial.ALL else ""
    text = f"Between networks that differ in nothing else{without}, dt below 1 {_effect_of(step)} RMSE "
    text += f"({_tested(step)}) and sharing a block {_effect_of(sharing)} it ({_tested(sharing)})."
    detail = f"{everywhere[0]['architectures']} of {len({spec.arch for spec in wanted})} architectures; p after Holm."
    if without:
        detail += f" With {_left_out(archs)}: {' and '.join(map(_tested, everywhere))}."
    yield _row("one form", sharing, text, detail)


def _other_data(judged: Judged) -> Iterator[dict[str, Any]]:
    """Of the data and folds, other than the paper's, on which all of the architectures have all of their corners."""
    wanted = _of_one_form(judged, "generality")
    found = []
    for data, split in list(dict.fromkeys((spec.dataset, spec.split) for spec in wanted))[1:]:  # the first: the paper's
        here = [spec for spec in wanted if (spec.dataset, spec.split) == (data, split)]
        corners = _corners(judged, here)
        rows = [row for row in factorial.effects(corners) if row["architecture"] == factorial.ALL]
        if rows and rows[0]["architectures"] == len({spec.arch for spec in here}):
            name = corners.runs[0].dataset.label + (f" by {split}" if split != wanted[0].split else "")
            step, sharing = (next(row for row in rows if row["effect"] == each) for each in factorial.MAIN[:2])
            found.append((name, step, sharing))
    if not found:
        return
    steps, shared = (sum(factorial.shown(row[side]) != "not shown" for row in found) for side in (1, 2))
    names = ", ".join(name for name, *_ in found)
    text = f"On other data or folds ({names}), dt below 1 shows an effect in {steps} of {len(found)} cases and sharing "
    text += f"in {shared}."
    detail = " ".join(f"{name}: {_tested(step)} and {_tested(sharing)}." for name, step, sharing in found)
    yield {"about": "other data", "value": steps, "sentence": text, "detail": f"p after Holm. {detail}"}


def _catboost(judged: Judged) -> Iterator[dict[str, Any]]:
    below = {epoch: epochs.below_catboost(judged.epochs, "table2", epoch) for epoch in EPOCHS}
    count, of = below["best"]
    if of:
        text = f"{count} of {of} networks of Table 2 have a lower RMSE than CatBoost if each test fold chooses its own "
        text += f"best epoch, as in the paper; {below['last'][0]} have after the last epoch."
        detail = f"{below['held_out'][0]} have at the epoch chosen on the other folds."
        yield {"about": "CatBoost", "value": count, "sentence": text, "detail": detail}


def _numbers(judged: Judged) -> Iterator[dict[str, Any]]:
    total = judged.informativeness[-1]
    text = "No published number can be judged by reruns yet."
    if total["numbers"]:
        text = f"Our values reproduce {total['reproduced']} of the {total['numbers']} published numbers that reruns "
        text += f"can judge; one constant per table would reproduce {total['constant']}."
    detail = f"{judged.numbers_sentence} {informativeness.of_numbers(total)}"
    yield {"about": "numbers", "value": total["reproduced"], "sentence": text, "detail": detail}


def _contrasts(judged: Judged) -> Iterator[dict[str, Any]]:
    total = judged.informativeness[-1]
    detail = informativeness.of_contrasts(total)
    if detail:
        text = f"Of {total['pairs_paper_resolves']} differences between models that the paper resolves beyond rerun "
        text += f"noise, ours show {total['same']} in the same direction and {total['opposite']} in the opposite one; "
        text += f"a constant shows {total['same_constant']}."
        yield {"about": "contrasts", "value": total["same"], "sentence": text, "detail": detail}


def _claims(judged: Judged) -> Iterator[dict[str, Any]]:
    verdicts = [row["verdict"] for row in judged.claims]
    confirmed, refuted, undecided = (verdicts.count(word) for word in (CONFIRMED, REFUTED, UNDECIDED))
    text = f"Of {len(verdicts)} claims of the text, {confirmed} are confirmed, {refuted} refuted and {undecided} "
    text += "undecided."
    others = [word for word in CLAIM_VERDICTS if word in verdicts and word not in (CONFIRMED, REFUTED, UNDECIDED)]
    kept, tested = surviving(judged.claims)
    rows = [row for row in judged.claims if row["family"] == "language"]
    known = [row for row in rows if row["verdict"] not in (NOT_RUN, NOT_TESTABLE)]
    detail = f"Others: {', '.join(f'{verdicts.count(word)} {word}' for word in others)}. " if others else ""
    detail += f"Of the {tested} that a test confirms, Holm's adjustment over all claims leaves {kept}. "
    detail += f"{len(known)} of the {len(rows)} on language models have runs as long as the paper's."
    depth = _claim(judged, "gat_gain")
    if depth and depth["statistic"] is not None:
        found = depth["reason"].split("; p = ")[0].removeprefix("gain over the stack: ")
        detail += f" SCORE-GAT's gain over GAT, mean of depths 2 to 7: {found} (claim: {depth['verdict']})."
    yield {"about": "claims", "value": confirmed, "sentence": text, "detail": detail}


def _of_one_form(judged: Judged, name: str) -> list[GraphSpec]:
    listed = of_type(judged.evidence.config.beyond_specs(name), GraphSpec)
    return [spec for spec in listed if spec.fidelity == "as_text"]


def _corners(judged: Judged, specs: Sequence[GraphSpec]) -> factorial.Corners:
    found = [run for spec in specs if (run := judged.evidence.pool.find(spec)) is not None]
    return factorial.Corners(of_kind(found, FoldRun))


def _claim(judged: Judged, name: str) -> Mapping[str, Any] | None:
    return next((row for row in judged.claims if row["id"] == name), None)


def _row(about: str, effect: Mapping[str, Any], sentence: str, detail: str) -> dict[str, Any]:
    found = {"value": effect["difference"], "low": effect["low"], "high": effect["high"]}
    return {"about": about, **found, "sentence": sentence, "detail": detail}


def _of(mean: Mean) -> dict[str, float]:
    """As the factorial names a difference and its interval."""
    return {"difference": mean.value, "low": mean.low, "high": mean.high}


def _interval(row: Mapping[str, Any]) -> str:
    value, low, high = (round(row[name], 3) + 0.0 for name in ("difference", "low", "high"))  # no minus before a zero
    return f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"


def _tested(row: Mapping[str, Any]) -> str:
    """An effect of the factorial with its interval and p after Holm's adjustment."""
    p = f"p {row['p_holm']:.2f}" if row["p_holm"] >= 0.01 else "p < 0.01"
    return f"{_interval(row)}, {p}"


def _left_out(of: str) -> str:
    return of.removeprefix(factorial.ALL_BUT).upper()


def _effect(mean: Mean) -> str:
    return "lowers" if mean.high < 0 else "raises" if mean.low > 0 else NO_EFFECT


def _effect_of(row: Mapping[str, Any]) -> str:
    """By the test of the factorial, after Holm's adjustment."""
    return {"better": "lowers", "worse": "raises"}.get(factorial.shown(row), NO_EFFECT)


MADE_BY = (_update, _sharing, _one_form, _other_data, _catboost, _numbers, _contrasts, _claims)
READABLE: Readable = (("conclusion", lambda row: row["sentence"]), ("details", lambda row: row["detail"] or ""))
