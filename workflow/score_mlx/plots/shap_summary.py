"""Which descriptors drive CatBoost's predictions, and in which direction: a SHAP summary plot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from score_mlx.models.classical.selection import Selection
from score_mlx.plots import style


def draw(selection: Selection, path: str | Path, *, count: int = 20) -> None:
    """Save `path` (.png and .pdf): a row for each of the `count` most important descriptors, a point a molecule."""
    import shap

    dataset = selection.dataset
    order = np.argsort(-selection.importance.mean(axis=0), kind="stable")[:count]
    rng = np.random.default_rng(0)  # shap spreads points of one place by a random order
    with style.context():
        figure, axes = plt.subplots(figsize=(style.WIDTH, 0.26 * count + 1))
        shap.summary_plot(
            selection.values[:, order],
            selection.inputs[:, order],
            feature_names=selection.names[order].tolist(),
            max_display=count,
            cmap="cividis",
            show=False,
            sort=False,
            plot_size=None,
            color_bar_label="scaled descriptor",
            rng=rng,
        )
        bar = figure.axes[-1]
        bar.tick_params(labelsize=8)
        bar.yaxis.label.set_size(8.5)
        axes.tick_params(labelsize=8)
        axes.set_xlabel("SHAP value: change of the prediction" + (f" ({style.unit(dataset)})" if dataset.unit else ""))
        axes.xaxis.label.set_size(8.5)
        title, lines = f"Descriptors that CatBoost relies on, {style.shown(dataset)}", [_small_print(selection)]
        axes.set_title(style.titled(title, dataset), loc="left")
        style.footnote(axes, lines, below=34)
        style.save(figure, path, style.titled(title, dataset), lines)


def _small_print(selection: Selection) -> str:
    about = selection.about
    versions = ", ".join(f"{name} {about['versions'][name]}" for name in ("catboost", "shap", "rdkit"))
    return (
        "A point is a molecule, explained by the model of the fold that tests it. Rows are ordered by mean |SHAP| over "
        f"the molecules that trained the models. {about['label']}, {about['rows']} molecules, {about['split']} folds; "
        f"seed {about['seed']}; "
        f"cuts {selection.cuts or 'none'}; {versions}."
    )
