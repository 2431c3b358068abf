"""Language models as a family."""

from __future__ import annotations

from pathlib import Path

from score_mlx import runtime
from score_mlx.data.chem.parallel import cores
from score_mlx.data.described import Part
from score_mlx.models.language.run import LanguageRun
from score_mlx.models.language.spec import LanguageSpec
from score_mlx.runs.family import USUAL, Execution, Family, Files, Writer
from score_mlx.runs.measured import Measured
from score_mlx.runs.records import summarise_losses
from score_mlx.runs.schema import LanguageRecord
from score_mlx.system.errors import UserError


class LanguageFamily(Family):
    """GPTs on a text."""

    name, command, spec = "language", "language", LanguageSpec
    record, run = LanguageRecord, LanguageRun
    default_data = ("tinyshakespeare-char", "corpus")
    data = ("corpus", "corpora")
    variants = True
    hub_task = "text-generation"
    help = """Train a GPT and write its record, its weights, and its losses as they come (losses.csv beside the record).

    Example: score-mlx train language --arch chargpt --config SCORE_skip05 --options iterations=200,batch_size=8
    """

    def inputs(self, spec: LanguageSpec, results: Path) -> dict[str, Path]:
        """corpus and tokens."""
        folder = results / "corpora" / spec.dataset
        return {"corpus": folder / "corpus.json", "tokens": folder / "tokens.npz"}

    def train(self, spec: LanguageSpec, files: Files, folder: Path, how: Execution = USUAL) -> None:
        """Train on the corpus; write the record, the weights and losses.csv. `how.replicas` is not used.

        Raises:
            UserError: the corpus is damaged, or no evaluation gave a finite loss.
        """
        runtime.start(threads=cores() if spec.timed else 1)
        from score_mlx.data.text.corpus import Corpus
        from score_mlx.models.language.tasks import build
        from score_mlx.models.language.trainer import train
        from score_mlx.models.language.training import stepper
        from score_mlx.training.device_choice import settle

        corpus = Corpus.load(files["corpus"].parent)
        settle(how.device, spec, lambda: stepper(build(spec, corpus)))
        train(spec, corpus, folder, preset=how.preset, report_to=how.report_to)

    def summary(self, spec: LanguageSpec, record: LanguageRecord) -> dict[str, Part]:
        """Best and last evaluation, recomputed from all evaluations of the record.

        Raises:
            UserError: the record has no evaluation.
        """
        if not record.evaluations:
            raise UserError("evaluations is empty, expected at least one")
        return summarise_losses(record.evaluations)

    def writer(self, spec: LanguageSpec, files: Files, weights: Path, vocabulary: Path) -> Writer:
        """Text from the weights of a finished run or of a checkpoint; see `Family.writer`."""
        runtime.start()
        from score_mlx.models.language.stored import writer

        return writer(spec, files, weights, vocabulary)

    def measured(
        self, spec: LanguageSpec, content: LanguageRecord, record: Path, results: Path, which: str
    ) -> list[Measured]:
        """The one value by which it is judged, on the validation text; see `Family.measured`."""
        from score_mlx.models.language.stored import measured

        return measured(spec, content, self.inputs(spec, results), record, results, which)

    def limits(self, spec: LanguageSpec) -> list[str]:
        """How many tokens it sees, and on how much text its loss was measured."""
        return spec.limits
