"""Which runs of a queue train side by side in one program on a GPU: repetitions of one configuration.

A step of a graph network launches about a thousand small operations, on which a GPU mostly waits; of ten runs side by
side it launches no more than of one. On the CPU nothing is gained, so there every run has a program of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from score_mlx.models.families import family_of
from score_mlx.runs.spec import Spec

RUNS = 10  # of a bundle: fifty folds of the paper's five


@dataclass(frozen=True)
class Wanted:
    """A run of the list, or a bundle: runs that train side by side in one program.

    Attributes:
        spec: what to train.
        seconds: that it is expected to take; None where nothing like it was ever run.
        gpu: whether it may compute on the GPU, which a limited number of runs share.
        beside: the others of a bundle.
    """

    spec: Spec
    seconds: float | None = None
    gpu: bool = False
    beside: tuple[Wanted, ...] = ()

    @property
    def runs(self) -> list[Wanted]:
        """Each run of it, alone."""
        return [replace(self, beside=()), *self.beside]

    @property
    def specs(self) -> list[Spec]:
        """What its runs are."""
        return [run.spec for run in self.runs]

    @property
    def takes(self) -> float | None:
        """Seconds of all its runs; None where one is unknown."""
        known = [run.seconds for run in self.runs if run.seconds is not None]
        return sum(known) if len(known) == len(self.runs) else None

    @property
    def name(self) -> str:
        """How lines call it."""
        more = f" and {len(self.beside)} beside it" if self.beside else ""
        return name_of(self.spec) + more

    @classmethod
    def bundle(cls, runs: Sequence[Wanted]) -> Wanted:
        """Runs alone -> one that trains them side by side."""
        return replace(runs[0], beside=tuple(runs[1:]))


def bundled(wanted: Sequence[Wanted], most: int = RUNS) -> list[Wanted]:
    """A list with its repetitions in bundles, each in the place of its first run.

    Args:
        wanted: runs alone, the most important first.
        most: runs of a bundle.

    Returns:
        Bundles of runs that differ in repeat and seed only, where they may compute on the GPU and their family trains
        runs side by side; all else as it was.
    """
    bundles: list[list[Wanted]] = []
    open_ones: dict[Spec, list[Wanted]] = {}
    for run in wanted:
        alike = run.gpu and family_of(run.spec).side_by_side
        bundle = open_ones.get(run.spec.without_repeat) if alike else None
        if bundle is None or len(bundle) >= most:
            bundle = []
            bundles.append(bundle)
            if alike:
                open_ones[run.spec.without_repeat] = bundle
        bundle.append(run)
    return [Wanted.bundle(bundle) for bundle in bundles]


def name_of(spec: Spec) -> str:
    """How lines call a run: its folder below `results/runs`."""
    return spec.path("").parent.as_posix()
