"""Figures 9 and 10: schemes of integration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from score_mlx.experiments.graph import Arch, GraphExperiment, Integrator
from score_mlx.models.graphs.choices import Head, Readout
from score_mlx.models.graphs.spec import INTEGRATOR_EPOCHS, GraphSpec


class IntegratorsExperiment(GraphExperiment):
    """SCORE with each scheme for dh/dt = F(h) - h.

    Euler's runs are other experiments' and as long as theirs. The rest, which nothing else wants, train for `epochs`,
    all that is drawn.
    """

    kind: Literal["integrators"]
    draws: ClassVar[tuple[str, ...]] = ("integrators",)
    drawing_code: ClassVar[tuple[str, ...]] = ("experiments/integrators/drawing.py",)
    archs: Annotated[list[Arch], Field(min_length=1)]
    integrators: Annotated[list[Integrator], Field(min_length=1)]
    epochs: Annotated[int, Field(ge=1)] = INTEGRATOR_EPOCHS
    readout: Readout = "sum"
    head: Head = "mlp"
    descriptors: bool = False

    def specs(self, config: Any, split: str) -> list[GraphSpec]:
        """Architecture by architecture, scheme by scheme."""
        common = self.common(config, split)
        shorter: dict[str, Any] = common | {"epochs": min(self.epochs, common["epochs"])}
        return [
            GraphSpec(
                config.dataset_name, arch, "SCORE", integrator=i, **(common if i == GraphSpec.integrator else shorter)
            )
            for arch in self.archs
            for i in self.integrators
        ]

    @classmethod
    def draw(cls, drawing: str, runs: Sequence[Any], out: Path, title: str, paper: Path | None, line: Any) -> None:
        from score_mlx.experiments.integrators import drawing as figure

        figure.draw_integrators(runs, out, title=title)
