"""A finished run of a language model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeVar

from score_mlx.data.described import CorpusPart
from score_mlx.data.text.corpus import CLIMBMIX
from score_mlx.models.language.spec import LanguageSpec
from score_mlx.runs.run import Results, Run, show_cuts
from score_mlx.runs.schema import Cut, Evaluation, LanguageRecord, RunMeta, Sample

L = TypeVar("L", bound=LanguageSpec, covariant=True)
# The texts on which the paper trained; a number on another text does not compare with the paper's.
PAPER_CORPORA = ("shakespeare-gpt4o", "tinyshakespeare-char", CLIMBMIX)


@dataclass(frozen=True, kw_only=True)
class LanguageRun(Run, Generic[L]):
    """A finished run of one language model; further fields as of `Run`.

    Attributes:
        evaluations: after how many steps which losses; None where not finite.
        best, last: the evaluation of the lowest loss, and the last.
        trained_tokens: seen in all steps together.
        sample: generated text with its measures, or None.
    """

    KIND: ClassVar[str] = "a language model"

    spec: L
    dataset: CorpusPart
    evaluations: tuple[Evaluation, ...]
    best: Evaluation
    last: Evaluation
    trained_tokens: int
    sample: Sample | None = None

    @classmethod
    def of(cls, spec: Any, record: LanguageRecord, meta: RunMeta) -> Self:
        """The run of a spec with its record and meta data; cuts by the paper's present values, not the record's."""
        return cls(
            spec=spec,
            dataset=record.corpus,
            cuts=show_cuts([Cut(**cut) for cut in spec.cuts()]),
            parameters=record.parameters,
            evaluations=tuple(record.evaluations),
            best=record.best,
            last=record.last,
            trained_tokens=record.trained_tokens,
            sample=record.sample,
            meta=meta,
        )

    @property
    def folds_sha256(self) -> str:
        """ "": a text has no folds."""
        return ""

    @property
    def size(self) -> str:
        """Its number of tokens, as shown: `1,115,394 tokens`."""
        return f"{self.dataset.tokens:,} tokens"

    def incomparable(self, but: tuple[str, ...] = ()) -> str:
        """Why this run does not compare with the paper's number: text, cuts, protocol or precision; "" where it does.

        Args:
            but: fields that the table varies, as the paper does.
        """
        if self.dataset.name not in PAPER_CORPORA:
            return f"corpus {self.dataset.name}"
        decisive = [Cut(**cut) for cut in self.spec.cuts() if cut["setting"] not in self.spec.SAMPLING]
        return show_cuts(decisive) or ", ".join(self.spec.departures(but)) or self.imprecise

    def results(self) -> Results:
        """The lowest validation loss and its bits a byte, None where the record has none."""
        return {"val_loss": self.best.val_loss, "val_bpb": self.best.val_bpb}

    def curve(self, name: str) -> tuple[list[float], list[float]]:
        """Steps, or seconds where the clock ended the run, and the values of one loss; NaN where not finite."""
        values = [found.model_dump()[name] for found in self.evaluations]
        seconds = [math.nan if found.seconds is None else found.seconds for found in self.evaluations]
        at = seconds if self.spec.timed else [found.step for found in self.evaluations]
        return list(at), [math.nan if value is None else value for value in values]


def kept(record: LanguageRecord) -> dict[str, Evaluation]:
    """The evaluation at which each file of weights was kept.

    Where the clock ends a run, its number is that of the last weights, and the best ones are those of an eighth of the
    text, which alone is evaluated on the way.
    """
    parts = [(found.part_bpb, place) for place, found in enumerate(record.evaluations) if found.part_bpb is not None]
    return {"best": record.evaluations[min(parts)[1]] if parts else record.best, "last": record.last}
