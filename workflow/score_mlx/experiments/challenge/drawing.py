"""Figure 5: bits a byte of the validation text against seconds of training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from score_mlx.experiments.challenge.table import LABELS
from score_mlx.models.language.run import LanguageRun
from score_mlx.models.language.spec import ChallengeSpec
from score_mlx.plots import style
from score_mlx.tables.language_runs import explain_stand_in, provenance, require_one_corpus

LINES = ["-", (0, (4, 1.5)), (0, (1.5, 1))]  # a line for each budget


def draw(runs: Sequence[LanguageRun[ChallengeSpec]], path: str | Path, *, title: str) -> None:
    """A colour for each configuration, a line for each budget of seconds; every repeat is drawn.

    Args:
        runs: on one text.
        path: where to save (.png and .pdf).
        title: of the figure.

    Raises:
        UserError: runs on different texts.
    """
    require_one_corpus(runs)
    heading = style.titled(title, runs[0].dataset)
    budgets = sorted({run.spec.seconds for run in runs})
    with style.context():
        figure, axes = plt.subplots(figsize=(style.WIDTH - 1, 3.8))
        ends, shown = [], []
        for run in runs:
            seconds, values = run.curve("part_bpb")
            colour = style.CONFIG_STYLE.get(run.spec.config, style.CONFIG_STYLE["SCORE"])[0]
            line = LINES[budgets.index(run.spec.seconds) % len(LINES)]
            axes.plot(seconds, values, color=colour, ls=line, lw=1.2)
            final = math.nan if run.last.val_bpb is None else run.last.val_bpb
            axes.plot([seconds[-1]] * 2, [values[-1], final], color=colour, ls=":", lw=0.8)  # whose dot is whose line's
            axes.plot(seconds[-1], final, "o", color=colour, ms=4)
            if run.spec.repeat == min(other.spec.repeat for other in runs):
                label = f"{LABELS.get(run.spec.config, run.model)}, {run.spec.seconds} s: {final:.3f}"
                ends.append((final, label, colour))
            shown += [*values, final]
        low, high = np.nanmin(shown), np.nanmax(shown)
        settled = float(np.nanquantile(shown, 0.85))
        axes.set_ylim(low - 0.06 * (settled - low) - 0.001, min(high, settled + 0.2 * (settled - low)) + 0.001)
        axes.set(xlabel="seconds of training", ylabel="val_bpb (bits a byte)", xlim=(0, None))
        axes.set_title(heading, loc="left")
        style.label_ends(axes, ends)
        text = [
            *explain_stand_in(runs),
            "Lines: over an eighth of the evaluated tokens, while a model trains; dots: over all of them, at the end. "
            "The learning rate follows the clock: a longer run is another run. Only runs of one machine compare.",
            f"{provenance(runs)}.",
        ]
        style.footnote(axes, text, characters=104, below=34)
        style.save(figure, path, heading, text)
