"""A language model's record, reduced to what tables and figures show of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from score_mlx.data.text.corpus import CLIMBMIX
from score_mlx.models.families import spec_of
from score_mlx.models.language.spec import LanguageSpec
from score_mlx.runs.records import read_meta, read_record
from score_mlx.system.errors import UserError
from score_mlx.tables.runs import Run, conditions, from_json, imprecise, show_cuts

# The texts on which the paper trained; on another one a number says nothing about its.
PAPER_CORPORA = ("shakespeare-gpt4o", "tinyshakespeare-char", CLIMBMIX)


@dataclass(frozen=True)
class LanguageRun:
    """One language model.

    Attributes:
        spec: what was trained.
        dataset: the record's description of its text: name, label, stand_in, tokens, vocabulary.
        cuts: settings below the paper's, as `iterations 750/3000`; "" for none.
        parameters: numbers trained.
        evaluations: dictionaries with step and train_loss, val_loss or seconds, val_bpb; None where not finite.
        best, last: the evaluation of the lowest loss, and the last.
        trained_tokens: seen in all steps together.
        sample: generated text with its measures, or None.
        meta: run.meta.json.
    """

    spec: LanguageSpec
    dataset: dict[str, Any]
    cuts: str
    parameters: int
    evaluations: tuple[dict[str, Any], ...]
    best: dict[str, Any]
    last: dict[str, Any]
    trained_tokens: int
    sample: dict[str, Any] | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def model(self) -> str:
        return self.spec.model

    def incomparable(self) -> str:
        """Why this run says nothing about the paper's number; "" where it does."""
        if self.dataset["name"] not in PAPER_CORPORA:
            return f"corpus {self.dataset['name']}"
        decisive = [cut for cut in self.spec.cuts() if cut["setting"] not in self.spec.SAMPLING]
        return show_cuts(decisive) or ", ".join(self.spec.departures()) or imprecise(self.meta)

    def curve(self, name: str) -> tuple[list[float], list[float]]:
        """Steps, or seconds where the clock ended the run, and the values of one loss; NaN where not finite."""
        at = "seconds" if self.spec.timed else "step"
        values = [math.nan if e.get(name) is None else e[name] for e in self.evaluations]
        return [e[at] for e in self.evaluations], values


def load(path: str | Path) -> LanguageRun:
    """The run whose record is `path`.

    Raises:
        UserError: missing, unreadable, or of another family.
    """
    run = load_any(path)
    if not isinstance(run, LanguageRun):
        raise UserError(f"{path}: a record of {run.spec.FAMILY}, expected one of a language model")
    return run


def load_any(path: str | Path) -> Run | LanguageRun:
    """The run of a record of whichever family."""
    record = read_record(path)
    spec, meta = spec_of(record, path), read_meta(path)
    if not isinstance(spec, LanguageSpec):
        return from_json(record, meta)
    same = ("parameters", "best", "last", "trained_tokens", "sample")
    return LanguageRun(
        spec=spec,
        dataset=record["corpus"],
        cuts=show_cuts(record["cuts"]),
        evaluations=tuple(record["evaluations"]),
        meta=meta,
        **{name: record.get(name) for name in same},
    )


def require_one_corpus(runs: Iterable[LanguageRun]) -> None:
    """
    Raises:
        UserError: two runs saw different tokens.
    """
    runs = list(runs)
    for run in runs[1:]:
        if run.dataset["sha256"] != runs[0].dataset["sha256"]:
            raise UserError(
                f"{run.spec.path('')}: corpus {run.dataset['name']} ({run.dataset['sha256'][:12]}), expected "
                f"{runs[0].dataset['name']} ({runs[0].dataset['sha256'][:12]}): these records cannot stand together"
            )


def repeats(runs: Iterable[LanguageRun]) -> list[list[LanguageRun]]:
    """Runs that differ in their repeat only, together, in the order in which the first of each comes."""
    groups: dict[tuple, list[LanguageRun]] = {}
    for run in runs:
        fields = {name: value for name, value in run.spec.as_dict().items() if name != "repeat"}
        groups.setdefault(tuple(fields.items()), []).append(run)
    return list(groups.values())


def provenance(runs: Sequence[LanguageRun]) -> str:
    """One line for captions: text, tokens, preset, cuts, seed, device; every value that occurs."""
    first = runs[0].dataset
    text = f"{first['label']}, {first['tokens']:,} tokens, vocabulary {first['vocabulary']:,}"
    return "; ".join([text, *conditions(runs)])


def explain_stand_in(runs: Sequence[LanguageRun]) -> list[str]:
    """A line for captions where the text is not the paper's."""
    if runs[0].dataset["stand_in"]:
        return ["Stand-in text from a Markov chain: no number here compares with the paper's."]
    if runs[0].dataset["name"] not in PAPER_CORPORA:
        return [f"The paper trained on another text (climbmix); here it is {runs[0].dataset['label']}."]
    return []
