"""What families of networks that learn from molecules have in common: folds and runs train side by side."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from score_mlx import runtime
from score_mlx.runs.family import USUAL, Execution, Files, FoldFamily
from score_mlx.runs.measured import Measured
from score_mlx.runs.spec import NetworkSpec

if TYPE_CHECKING:
    from score_mlx.data.fold_data import FoldedData
    from score_mlx.training.fold_task import FoldTask


class NetworkFamily(FoldFamily):
    """A family whose runs are a `FoldTask`."""

    side_by_side = True

    @abstractmethod
    def parts(self) -> tuple[type[FoldTask[Any, Any]], type[FoldedData]]:
        """Its task and the data that it reads; called once MLX may be imported."""

    def train(self, spec: NetworkSpec, files: Files, folder: Path, how: Execution = USUAL) -> None:
        """Train all folds, several side by side, and write the record; see `Family.train`."""
        runtime.start()  # before anything imports mlx
        from score_mlx.training.device_choice import settle
        from score_mlx.training.trainer import stepper, train

        task, kind = self.parts()
        data = kind.load(files)
        settle(how.device, spec, lambda: stepper(task, spec, data))
        train(task, spec, data, folder, replicas=how.replicas, preset=how.preset, report_to=how.report_to)

    def train_together(self, runs: Sequence[tuple[NetworkSpec, Files, Path]], how: Execution = USUAL) -> None:
        """Train runs that differ in repeat and seed only in one program; each writes its own record.

        Args:
            runs: what is trained, on which of its `inputs`, and the folder of its record.
            how: `replicas` counts the folds of all runs, None for what suits the device; device `auto` takes a GPU
                where there is one, since side by side it pays; `report_to` is ignored.
        """
        runtime.start()
        from score_mlx.system.device import has_gpu
        from score_mlx.training.device_choice import settle
        from score_mlx.training.trainer import Job, stepper, train_together

        task, data = self.parts()
        jobs = [Job(spec, data.load(files), folder) for spec, files, folder in runs]
        device = "gpu" if how.device == "auto" and has_gpu() else how.device
        settle(device, jobs[0].spec, lambda: stepper(task, *jobs[0].run))
        train_together(task, jobs, replicas=how.replicas, preset=how.preset)

    def measured(self, spec: NetworkSpec, content: Any, record: Path, results: Path, which: str) -> list[Measured]:
        """Each error of each fold, from its network's weights; see `Family.measured`."""
        from score_mlx.models.measured import measured

        return measured(record, results, which)
