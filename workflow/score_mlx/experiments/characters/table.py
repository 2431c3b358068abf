"""Tables 10 and 11: character models, their losses, what they write and two plain measures of it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from score_mlx.models.language.run import LanguageRun
from score_mlx.models.language.spec import CharSpec
from score_mlx.tables.formats import change, number
from score_mlx.tables.language_runs import explain_losses, explain_stand_in, provenance, require_one_corpus
from score_mlx.tables.runs import ORIGIN, origin
from score_mlx.tables.table import Readable

COLUMNS = (
    "model", "blocks", "steps", "optimizer", "dropout", "bigram", "train_fraction", "parameters", "best_val_loss",
    "best_step", "last_val_loss", "last_train_loss", "paper_val_loss", "difference", "comparable", "iterations",
    "trained_tokens", "known_words", "longest_copy", "temperature", "sample_seed", "sample", "seconds", *ORIGIN,
)  # fmt: skip

# Which run is which row of the paper's Table 10; the text adds dropout and optimiser.
ROWS = {("base", "adamw"): "nanoGPT", ("mSCORE_skip05", "muon"): "mSCORE", ("SCORE_skip05", "muon"): "SCORE"}
OPTIMISERS = {"adam": "Adam", "adamw": "AdamW", "muon": "Muon", "normuon": "NorMuon"}


def read_paper(path: str | Path) -> dict[str, float]:
    """Row of Table 10, or training fraction of Table 11 -> the best validation loss that the table prints."""
    with Path(path).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = [row.get("model") or row["train_fraction"] for row in rows]
    losses = [row.get("val_loss_table") or row.get("best_val_loss") for row in rows]
    return {name: float(loss) for name, loss in zip(names, losses, strict=True) if loss}


def characters_table(runs: Sequence[LanguageRun[CharSpec]], paper: dict[str, float]) -> list[dict[str, Any]]:
    """Rows with the keys `COLUMNS`, in the runs' order.

    Raises:
        UserError: runs on different texts.
    """
    require_one_corpus(runs)
    return [_row(run, paper) for run in runs]


def _row(run: LanguageRun[CharSpec], paper: dict[str, float]) -> dict[str, Any]:
    spec, best = run.spec, run.best.val_loss
    name = f"{spec.train_fraction:g}" if spec.bigram else ROWS.get((spec.config, spec.optimizer), "")
    published, comparable = paper.get(name), not run.incomparable()
    written = run.sample
    return {
        "model": {"base": "nanoGPT", "mSCORE_skip05": "mSCORE"}.get(spec.config, "SCORE"),
        "blocks": spec.blocks if spec.recurrent else spec.steps,
        "steps": spec.steps if spec.recurrent else 1,
        "optimizer": OPTIMISERS[spec.optimizer],
        "dropout": spec.dropout,
        "bigram": "yes" if spec.bigram else "no",
        "train_fraction": spec.train_fraction,
        "parameters": run.parameters,
        "best_val_loss": best,
        "best_step": run.best.step,
        "last_val_loss": run.last.val_loss,
        "last_train_loss": run.last.train_loss,
        "paper_val_loss": published,
        "difference": best - published if best is not None and published and comparable else None,
        "comparable": run.incomparable() or "yes",
        "iterations": spec.iterations,
        "trained_tokens": run.trained_tokens,
        "known_words": written and written.known_words,
        "longest_copy": written and written.longest_copy,
        "temperature": written and written.temperature,
        "sample_seed": written and written.seed,
        "sample": written and written.text,
        "seconds": run.meta.seconds,
    } | origin(run)


READABLE: Readable = (
    ("model", lambda row: row["model"]),
    ("blocks × steps", lambda row: f"{row['blocks']} × {row['steps']}"),
    ("optimiser", lambda row: row["optimizer"]),
    ("dropout", lambda row: f"{row['dropout']:g}"),
    ("bigram", lambda row: row["bigram"]),
    ("trained on", lambda row: f"{100 * row['train_fraction']:.0f} %"),
    ("parameters", lambda row: f"{row['parameters']:,}"),
    ("best loss", lambda row: number(row["best_val_loss"])),
    ("last loss", lambda row: number(row["last_val_loss"])),
    ("paper", lambda row: "" if row["paper_val_loss"] is None else f"{row['paper_val_loss']:.2f}"),
    ("difference", lambda row: change(row["difference"])),
    ("known words", lambda row: "" if row["known_words"] is None else f"{100 * row['known_words']:.0f} %"),
    ("longest copy", lambda row: "" if row["longest_copy"] is None else str(row["longest_copy"])),
)


def written(rows: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """What each model wrote, whole, under the name of its row: `SCORE, 1 × 6, Muon, dropout 0.01, on 90 %`."""
    return [
        (
            f"{row['model']}, {row['blocks']} × {row['steps']}, {row['optimizer']}, dropout {row['dropout']:g}"
            + (", bigram" if row["bigram"] == "yes" else "")
            + f", trained on {100 * row['train_fraction']:.0f} %",
            row["sample"],
        )
        for row in rows
        if row["sample"]
    ]


def caption(runs: Sequence[LanguageRun[CharSpec]]) -> list[str]:
    """What a reader of the table must know, a sentence an item."""
    differs = (
        [] if not any(run.incomparable() for run in runs) else ["Differences are shown only where nothing was cut."]
    )
    return [
        *explain_stand_in(runs),
        f"Loss in nats a character. {explain_losses(runs)}.",
        "Known words: share of the generated words that occur in the text; longest copy: characters of the longest "
        "generated span that also occurs in it. AdamW has no decay here, which makes it Adam.",
        *differs,
        f"{provenance(runs)}.",
    ]
