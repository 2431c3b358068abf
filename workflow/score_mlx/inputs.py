"""Which prepared files a run reads, by name; the DAG and the command line both ask here."""

from __future__ import annotations

from pathlib import Path

from score_mlx import plugins
from score_mlx.language.spec import LanguageSpec
from score_mlx.spec import Spec


def inputs_of(spec: Spec, results: str | Path = "results") -> dict[str, Path]:
    """corpus and tokens of a language model; of all others molecules, dataset and folds, and features, descriptors,
    shap and plugins where they use them."""
    results = Path(results)
    if isinstance(spec, LanguageSpec):
        folder = results / "corpora" / spec.dataset
        return {"corpus": folder / "corpus.json", "tokens": folder / "tokens.npz"}
    data, features = results / "data" / spec.dataset, results / "features" / spec.dataset
    files = {
        "molecules": data / "molecules.csv",
        "dataset": data / "dataset.json",
        "folds": results / "folds" / spec.dataset / f"{spec.split}-r{spec.repeat}.csv",
    }
    if spec.graph_features:
        files["features"] = features / f"{spec.graph_features}.npz"
    if spec.uses_descriptors:
        files["descriptors"] = features / "descriptors.npz"
    if spec.ranked_by:
        files["shap"] = spec.ranked_by.path(results / "shap").with_name("shap.npz")
    for kind in plugins.KINDS:
        code = plugins.file(kind, getattr(spec, kind, ""))
        if code:
            files[f"{kind}_code"] = code
    return files


def results_of(spec: Spec, made: Path | None) -> Path:
    """The results folder in which `made`, the record or the SHAP values of `spec`, has its place.

    Snakemake may keep all of it elsewhere than under `results` (`--default-storage-provider`).
    """
    depth = len(spec.path("").parts)  # of a record below results/runs
    inside = made is not None and len(made.parents) > depth and made.parents[depth - 1].name in ("runs", "shap")
    return made.parents[depth] if inside else Path("results")
