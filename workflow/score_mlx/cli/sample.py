"""`score-mlx sample`: text from a trained language model, or from one that still trains."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from score_mlx import runtime
from score_mlx.models.families import inputs_of
from score_mlx.models.language.spec import LanguageSpec
from score_mlx.system.errors import UserError


def sample(
    run: Annotated[Path, typer.Argument(help="run.json of a language model, or its folder while it trains")],
    tokens: Annotated[int, typer.Option(min=1, max=100_000, help="how many to write")] = 500,
    temperature: Annotated[float, typer.Option(min=0.01, max=100, help="1: as the model says; less: bolder")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, max=2**31, help="another one, another text")] = 1337,
    which: Annotated[str, typer.Option(metavar="best|last", help="weights of a finished run")] = "last",
    results: Annotated[Path, typer.Option(help="folder of prepared texts")] = Path("results"),
) -> None:
    """Write text with a trained model's weights; of a run in progress, with those of its checkpoint.

    Example: score-mlx sample results/runs/tinyshakespeare-char/language/chargpt/SCORE_skip05/default
    """
    if which not in ("best", "last"):
        raise UserError(f"--which {which}: expected best or last")
    record = run if run.name == "run.json" else run / "run.json"
    spec = LanguageSpec.from_path(record)
    weights = record.parent / "weights" / f"{which}.safetensors"
    checkpoint = record.parent / "checkpoints" / "last.safetensors"
    if not weights.exists() and checkpoint.exists():
        weights = checkpoint
    runtime.start()
    from score_mlx.data.text.corpus import Corpus
    from score_mlx.models.language.trainer import load_model

    corpus = Corpus.load(inputs_of(spec, results)["corpus"].parent)
    model = load_model(spec, corpus, weights)
    written = list(model.generate(tokens, seed, temperature))
    typer.echo(corpus.decode(written))
