"""Whole sets of runs made up for tests of the verdict: every run that config.yaml lists, planted to agree or not."""

import zlib
from dataclasses import replace
from pathlib import Path

import made_up_records as made_up
import numpy as np
from score_mlx.config.file import load
from score_mlx.data.described import CorpusPart, DataSet
from score_mlx.models.language.run import LanguageRun
from score_mlx.runs.run import FoldRun
from score_mlx.runs.schema import Evaluation, RunMeta
from score_mlx.verdict import language_cells
from score_mlx.verdict.evidence import Evidence, paper_protocol
from score_mlx.verdict.pool import Pool
from score_mlx.verdict.published import Published, read_published

ROOT = Path(__file__).resolve().parents[1]
PAPER = ROOT / "data" / "paper"
CONFIG = paper_protocol(load(ROOT / "config.yaml"))
PRINTED = read_published(PAPER)
FOLDS = np.array([0.02, -0.01, 0.0, 0.01, -0.02])  # what all models have in common: some folds are harder
EPOCHS = np.arange(1, 151)
WANTED = language_cells.wanted  # kept, since tests put another in its place


def published(*place: str) -> Published:
    """The paper's number at (target, row, column)."""
    return next(number for number in PRINTED if number.place == place)


def make_run(
    spec, mean=0.6, spread=1.0, last=0.05, speed=1.0, jitter=0.0, parameters=1000, mad=0.2, seconds=60.0, folds=None,
    dataset=made_up.ESOL, host=None, lost=0,
):  # fmt: skip
    """A run with this mean RMSE, `last` above it after the last epoch; its own folds differ by less than a thousandth.

    Args:
        spread: of the folds, as a multiple of `FOLDS`.
        speed: how many times faster than 1 its curve falls.
        jitter: by which its curve changes from one epoch to the next.
        folds: RMSE of each instead of mean and spread.
        host: on which it trained, by default one of its own.
        lost: epochs at the end of the first fold, the best of which was before, that are no number.
    """
    own = np.random.default_rng(zlib.crc32(spec.path("").as_posix().encode())).standard_normal(len(FOLDS))
    best = np.asarray(folds, float) if folds is not None else mean + spread * FOLDS + 0.0003 * own
    fall = 1.5 * np.exp(-speed * EPOCHS / 30) + jitter * (EPOCHS % 2)
    curves = np.array([value + fall for value in best])
    curves[0, len(EPOCHS) - lost :] = np.nan
    return FoldRun(
        spec=spec, best=tuple(best), last=tuple(best + last), dataset=DataSet(**dataset), cuts=made_cuts(spec),
        parameters=parameters, curves=tuple(map(tuple, curves)),
        mad=tuple(mad + 0.001 * own),
        meta=RunMeta(**made_up.meta(seconds=seconds, host=host or spec.path("").as_posix())),
    )  # fmt: skip


def made_cuts(spec):
    return ", ".join(f"{cut['setting']} {cut['ours']}/{cut['paper']}" for cut in spec.cuts())


def specs(*experiments):
    return list(dict.fromkeys(spec for name in experiments or CONFIG.experiments for spec in CONFIG.specs(name)))


def evidence(plant=lambda spec: {}, wanted=None, language=(), **choice):
    """Evidence of these runs, all that config.yaml lists by default, each with what `plant` says of its spec."""
    made = [make_run(spec, **plant(spec)) for spec in (specs() if wanted is None else wanted)]
    return Evidence(Pool([*made, *language]), CONFIG, PRINTED, **choice)


def language_spec(name):
    """The spec that is the paper's run of this name; for one that config.yaml does not list, the nearest it lists."""
    experiment, fields = language_cells.RUNS[name]
    spec = WANTED(name, CONFIG.specs(experiment))
    return spec or replace(CONFIG.specs(experiment)[0], **fields)


def language_run(name, loss=1.56, bpb=1.26, early=3.0, parameters=10_000_000, corpus=None, **changes):
    """A run of a language model with these values; its text is the paper's unless `corpus` is another."""
    spec = replace(language_spec(name), **changes)
    paper = "climbmix-bpe8192" if spec.arch == "d4" else spec.dataset
    evaluations = tuple(
        Evaluation(step=step, train_loss=1.0, val_loss=value, seconds=1.0 * step)
        for step, value in ((0, 4.0), (100, early), (1000, loss))
    )
    last = evaluations[-1].model_copy(update={"val_bpb": bpb})
    return LanguageRun(
        spec=spec, dataset=CorpusPart(
            name=corpus or paper, label="a text", stand_in=False, tokens=10_000, bytes=30_000, sha256="c" * 64,
            vocabulary=language_cells.PAPER_VOCABULARY[spec.arch],
        ),
        cuts=made_cuts(spec), parameters=parameters,
        evaluations=evaluations, best=evaluations[-1], last=last, trained_tokens=1, meta=RunMeta(**made_up.meta()),
    )  # fmt: skip
