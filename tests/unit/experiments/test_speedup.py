"""Table 6 and the figures of curves: the factor between curves that are known, the right runs in each figure."""

import made_up_records as made_up
import numpy as np
import pytest
from score_mlx.config.file import load
from score_mlx.experiments.integrators import drawing as integrators
from score_mlx.experiments.speedup import drawing as curves
from score_mlx.experiments.speedup import table as speedup
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.system.errors import UserError

PAPER = {("gat", False): 3.0, ("gat", True): 2.0}


def run(config, speed, descriptors=False, dataset=made_up.ESOL, **options):
    """A run whose folds' curves fall `speed` times as fast as others'."""
    spec = GraphSpec(dataset["name"], "gat", config, readout="sum", head="mlp", descriptors=descriptors, **options)
    record = made_up.record(spec, dataset)
    rng, epochs = np.random.default_rng(len(config) + descriptors), np.arange(1, spec.epochs + 1)
    for fold in record["folds"]:
        noise = 0.01 * rng.standard_normal(len(epochs))
        fold["rmse"] = (0.55 + 1.4 * np.exp(-speed * epochs / 40) + noise).tolist()
    return made_up.run(record | made_up.summary(record["folds"]), made_up.meta())


def four(**options):
    return [
        run("base", 1, **options),
        run("SCORE", 3, **options),
        run("base", 2, descriptors=True, **options),
        run("SCORE", 5, descriptors=True, **options),
    ]


def test_factors_of_known_curves():
    without, with_them = speedup.speedup_table(four(), PAPER)
    assert (without["model"], without["descriptors"], with_them["descriptors"]) == ("GAT", "no", "yes")
    assert without["factor"] == pytest.approx(3, rel=0.1) and with_them["factor"] == pytest.approx(2.5, rel=0.1)
    assert without["factor_low"] <= without["factor"] <= without["factor_high"]
    assert with_them["difference_percent"] == pytest.approx(100 * (with_them["factor"] / 2 - 1))
    assert without["flaw"] == "" and tuple(without) == speedup.COLUMNS
    text = made_up.markdown(speedup.READABLE, [without], "Table 6", speedup.caption(four()))
    assert "| GAT" in text and "3.0" in text


def test_cut_runs_and_halves():
    rows = speedup.speedup_table(four(epochs=40), PAPER)
    assert {row["comparable"] for row in rows} == {"epochs 40/150"}
    assert all(row["difference_percent"] is None for row in rows)
    with pytest.raises(UserError, match="gat with descriptors: expected SCORE and the native model"):
        speedup.speedup_table(four()[:3], PAPER)


def test_a_curve_that_is_not_finite_has_no_factor():
    broken = four()
    object.__setattr__(broken[0], "curves", tuple((float("nan"),) * 150 for _ in range(5)))
    row = speedup.speedup_table(broken, PAPER)[0]
    assert row["factor"] is row["factor_low"] is row["difference_percent"] is None
    assert row["flaw"] == "a curve is not finite"


def test_the_papers_table_is_read(repo):
    paper = speedup.read_paper(repo / "data" / "paper" / "table6.csv")
    assert paper["gat", True] == 1.5 and paper["gt", False] == 9.7 and len(paper) == 12


def test_each_figure_shows_its_own_runs(repo):
    config = load(repo / "config.yaml")
    for figure, arch in config.experiments["table6"].curves.items():
        shown = config.figure_specs("table6", figure)
        assert {spec.arch for spec in shown} == {arch} and len(shown) == 4
        assert {spec.readout for spec in shown} == {"molattfp" if arch == "attfp" else "sum"}
    warped = config.figure_specs("table6", "figure17")
    assert [(spec.arch, spec.config, spec.descriptors) for spec in warped] == [
        ("gat", "base", False),
        ("gat", "SCORE", False),
    ]
    assert len(config.specs("figure9")) == 24 and all(spec.descriptors for spec in config.specs("figure9"))
    assert not any(spec.descriptors for spec in config.specs("figure10"))
    assert {(spec.integrator == "euler", spec.epochs) for spec in config.specs("figure9")} == {(True, 150), (False, 75)}
    assert not any(spec.cuts() for spec in config.specs("figure9"))


def test_figures_twice_the_same(tmp_path):
    schemes = [run("SCORE", 2 + 0.1 * n, integrator=name) for n, name in enumerate(integrators.INTEGRATORS)]
    drawings = {
        "figure13": lambda path: curves.draw_forms(four(), path, title="Figure 13"),
        "figure17": lambda path: curves.draw_warp(four()[:2], path, title="Figure 17"),
        "figure9": lambda path: integrators.draw_integrators(schemes, path, title="Figure 9"),
    }
    for name, draw in drawings.items():
        for copy in ("a", "b"):
            draw(tmp_path / copy / f"{name}.png")
        for suffix in ("png", "pdf"):
            a, b = ((tmp_path / copy / f"{name}.{suffix}").read_bytes() for copy in ("a", "b"))
            assert a == b and len(a) > 10_000, name
