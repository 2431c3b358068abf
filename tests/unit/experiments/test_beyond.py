"""Experiments beyond the paper: effects that were planted are found, and what lacks is named."""

import json
from pathlib import Path

import made_up_records as made_up
import numpy as np
import pytest
from score_mlx.cli import beyond
from score_mlx.config.file import load
from score_mlx.config.targets import target_specs
from score_mlx.experiments.beyond.equal_size import table as equal_size
from score_mlx.experiments.beyond.factorial import table as factorial
from score_mlx.experiments.beyond.factorial.settings import CORNERS
from score_mlx.experiments.beyond.factorial.table import ALL, MAIN, Corners
from score_mlx.experiments.beyond.repeats import table as repeats
from score_mlx.experiments.beyond.variant import table as variants
from score_mlx.models.graphs.size import parameters
from score_mlx.models.graphs.spec import ARCHS, GraphSpec
from score_mlx.system.errors import UserError
from score_mlx.tables.table import Grid

FILE = Path(__file__).resolve().parents[3] / "config.yaml"
STEP, SHARING, INTERACTION = MAIN


def run(spec, best, last=None):
    return made_up.run(made_up.record(spec, made_up.ESOL | {"name": spec.dataset}, best, last), made_up.meta())


def world(step=0.0, sharing=0.0, interaction=0.0, seed=0, archs=ARCHS, **options):
    """Runs of all corners: effects planted on the RMSE of every architecture; noise of architectures, folds, runs."""
    rng = np.random.default_rng(seed)
    folds, runs = 0.03 * rng.standard_normal(5), []
    for arch in archs:
        level = 0.6 + 0.02 * rng.standard_normal()
        for corner in CORNERS:
            spec = GraphSpec("esol", arch, corner, fidelity="as_text", **options).unified()
            small = spec.dt < 1
            effect = step * small + sharing * spec.recurrent + interaction * (small and spec.recurrent)
            best = level + effect + folds + 0.01 * rng.standard_normal(5)
            runs.append(run(spec, best.tolist(), (best + 0.05).tolist()))
    return runs


def found(runs, effect, architecture=ALL):
    rows = factorial.effects(Corners(runs))
    return next(row for row in rows if row["effect"] == effect and row["architecture"] == architecture)


@pytest.mark.parametrize(
    ("planted", "effect", "size"),
    [
        ({"step": -0.03}, STEP, -0.03),
        ({"sharing": 0.03}, SHARING, 0.03),
        ({"sharing": -0.03}, "SCORE against base", -0.03),
        ({"interaction": 0.04}, INTERACTION, 0.04),
        ({"step": -0.02, "sharing": -0.02}, "SCORE against base", -0.04),
    ],
)
def test_a_planted_effect_is_found_where_it_was_planted(planted, effect, size):
    row = found(world(**planted), effect)
    assert row["difference"] == pytest.approx(size, abs=0.012)
    assert row["low"] < size < row["high"]
    assert factorial.shown(row) == ("better" if size < 0 else "worse")
    assert row["architectures"] == 8 and row["repeats"] == 1 and row["folds"] == 5
    assert row["last_difference"] == pytest.approx(row["difference"])


def test_an_effect_of_the_step_is_none_of_sharing():
    runs = world(step=-0.05)
    for effect in (SHARING, INTERACTION, "sharing at dt = 0.5", "sharing at dt = 1/K"):
        assert factorial.shown(found(runs, effect)) == "not shown"
    assert found(runs, "step 1/K against 0.5")["difference"] == pytest.approx(0, abs=0.01)


def test_effects_that_are_not_there_are_seldom_found():
    """Three main effects, adjusted: in at most 6 % of worlds any of them."""
    worlds = 150
    shown = 0
    for seed in range(worlds):
        corners = Corners(world(seed=seed, epochs=2))  # short curves, which take less time to make
        group = next(iter(corners.groups))
        ps = [corners.effect(group, ARCHS, factorial.CONTRASTS[effect], "best").p for effect in MAIN]
        shown += min(factorial.holm(ps)) < 0.05
    assert shown / worlds <= 0.06


def test_contrasts_weigh_to_zero_and_use_each_corner_once():
    for weights in factorial.CONTRASTS.values():
        assert sum(weights.values()) == pytest.approx(0) and set(weights) <= set(CORNERS)
    assert set(factorial.CORNERS) == set(CORNERS)
    for (stack, shared), dt in zip(factorial.LEVELS.values(), (1, 0.5, 0.25), strict=True):
        specs = GraphSpec("esol", "gat", stack), GraphSpec("esol", "gat", shared)
        assert [spec.dt for spec in specs] == [dt, dt] and [spec.recurrent for spec in specs] == [False, True]


def test_a_network_that_does_not_learn_is_shown_apart_and_a_diverged_one_left_out():
    runs = [r for r in world(step=-0.03) if not (r.spec.arch == "gt" and r.spec.config == "base")]
    base = GraphSpec("esol", "gt", "base", fidelity="as_text").unified()
    rows = factorial.effects(Corners([*runs, run(base, [1.5] * 5)]))
    names = dict.fromkeys(row["architecture"] for row in rows)
    assert list(names)[:2] == [ALL, f"{ALL} but gt"]
    whole, rest = (next(r for r in rows if r["architecture"] == n and r["effect"] == STEP) for n in list(names)[:2])
    assert whole["difference"] < rest["difference"] - 0.03 and whole["architectures"] == rest["architectures"] + 1
    diverged = factorial.effects(Corners([*runs, run(base, [0.6, 0.6, None, 0.6, 0.6])]))
    row = next(r for r in diverged if r["architecture"] == ALL and r["effect"] == STEP)
    assert row["architectures"] == 7


def test_the_additive_mpnn_is_left_out_of_the_means_of_the_paper_s_models():
    runs = []
    for r in world():
        spec = GraphSpec("esol", r.spec.arch, r.spec.config)
        runs.append(run(spec, [v - 0.5 * (spec.arch == "mpnn" and spec.dt < 1) + 0.5 for v in r.best]))
    assert found(runs, STEP)["architectures"] == 7 and abs(found(runs, STEP)["difference"]) < 0.02
    assert found(runs, STEP, "mpnn")["apart"] == "yes" and found(runs, STEP, "mpnn")["difference"] < -0.4


def test_repeats_narrow_the_interval():
    one = world(step=-0.02, seed=3)
    three = one + world(step=-0.02, seed=3, repeat=1) + world(step=-0.02, seed=3, repeat=2)
    first, more = found(one, STEP), found(three, STEP)
    assert more["repeats"] == 3
    assert more["high_folds"] - more["low_folds"] < first["high_folds"] - first["low_folds"]


def test_corners_name_what_lacks():
    runs = world()
    specs = [r.spec for r in runs]
    rows = factorial.corner_table(Corners(runs[3:]), specs)
    assert len(rows) == 8
    assert rows[0]["missing"] == "base, skip05, averaged" and rows[0]["base"] is None and rows[1]["missing"] == ""
    assert rows[1]["SCORE"] == pytest.approx(np.mean(next(r for r in runs if r.spec == specs[11]).best))


def test_equal_size_finds_who_is_better():
    rng, runs = np.random.default_rng(0), []
    config = load(FILE, {"preset": "paper"})
    for spec in config.beyond_specs("equal_size"):
        shift = {"SCORE": 0.0, "base, narrowed": 0.05, "skip05, narrowed": 0.0, "K = 1": -0.04}[equal_size.rival(spec)]
        record = made_up.record(spec, best=(0.6 + shift + 0.005 * rng.standard_normal(5)).tolist())
        runs.append(made_up.run(record | {"parameters": parameters(spec)}, made_up.meta()))
    rows = {(row["architecture"], row["rival"]): row for row in equal_size.equal_size_table(runs)}
    shown = {rival: equal_size._shown(rows[ALL, rival]) for rival in ("base, narrowed", "skip05, narrowed", "K = 1")}
    assert shown == {"base, narrowed": "SCORE better", "skip05, narrowed": "not shown", "K = 1": "SCORE worse"}
    for arch in ARCHS:
        row = rows[arch, "base, narrowed"]
        assert row["hidden"] < 128 and abs(row["parameters"] / row["score_parameters"] - 1) < 0.04
        assert rows[arch, "K = 1"]["hidden"] == 128 and rows[arch, "K = 1"]["steps"] == 1


def test_variants_stand_beside_the_paper_s_numbers():
    config = load(FILE, {"preset": "paper"})
    chosen = config.beyond["native_head"]
    pairs = chosen.pairs(config)
    assert len(pairs) == 18 and {old.config for old, _ in pairs} == {"base"}
    assert {new.head for _, new in pairs} == {"mlp_64_32"}
    noise = iter(0.004 * np.random.default_rng(0).standard_normal((36, 5)))
    runs = {}
    for old, new in pairs:
        runs |= {old: run(old, (0.60 + next(noise)).tolist()), new: run(new, (0.63 + next(noise)).tolist())}
    printed = chosen.printed(config)
    rows = variants.variant_table(pairs, runs, printed)
    first = rows[0]
    assert (first["model"], first["steps"], first["paper"]) == ("gat", 2, 0.644)
    assert first["difference"] == pytest.approx(0.03, abs=0.01) and first["low"] < 0.03 < first["high"]
    assert first["changed_from_paper"] == pytest.approx(first["changed_rmse"] - 0.644)
    assert variants.variant_table(pairs, {}, printed) == []


def test_repeats_pool_their_spread():
    specs = [GraphSpec("esol", "gat", c, repeat=r) for c in ("base", "SCORE") for r in (0, 1, 2)]
    runs = [run(spec, [0.5 + 0.01 * spec.repeat * (1 if spec.config == "base" else 2)] * 5) for spec in specs]
    rows = repeats.repeat_table(runs)
    assert [row["standard_deviation"] for row in rows] == [pytest.approx(0.01), pytest.approx(0.02)]
    assert repeats.pooled(rows) == (pytest.approx(np.sqrt((0.01**2 + 0.02**2) / 2)), 4)
    assert repeats.repeat_table(runs[:1]) == []  # one repeat says nothing of spread


def test_stand_in_data_and_cut_runs_say_so():
    spec = GraphSpec("nci", "gat", "SCORE", epochs=2)
    one = made_up.run(made_up.record(spec, made_up.NCI), made_up.meta())
    captions = (
        factorial.caption(Corners([one]), []),
        equal_size.caption([one], []),
        variants.caption([one], "head mlp", []),
        repeats.caption([one], [], []),
    )
    for lines in captions:
        assert lines[0].startswith("STAND-IN DATA") and lines[1].startswith("CUT RUNS (epochs 2/150)")


def test_listed_runs():
    config = load(FILE, {"preset": "paper"})
    whole = config.beyond_specs("factorial")
    assert len(whole) == len(set(whole)) == 8 * 6 * 2 * 2
    assert {s.form for s in whole if s.fidelity == "as_code"} == {"native"}
    assert {(s.arch, s.form) for s in whole if s.fidelity == "as_text" and not s.recurrent} == {
        (arch, "unified" if arch in ("dmpnn", "attfp", "gt") else "native") for arch in ARCHS
    }
    data = {(spec.dataset, spec.split) for spec in config.beyond_specs("generality")}
    assert data == {("esol", "kfold"), ("esol", "scaffold"), ("freesolv", "kfold"), ("lipo", "kfold")}
    assert not {spec for spec in target_specs(config, "all") if spec.model.endswith(("averaged", "shared"))}
    assert target_specs(config, "factorial_summary") == target_specs(config, "factorial_corners")
    assert set(target_specs(config, "factorial_corners")) == set(whole) <= set(target_specs(config, "beyond"))


def test_runs_that_only_an_experiment_beyond_the_paper_lists():
    config = load(FILE, {"preset": "paper"})
    assert len(config.beyond_own("factorial")) == 192 - 64  # the paper has 8 x 4 as_code, in two settings
    assert {spec.repeat for spec in config.beyond_own("more_repeats")} == {1, 2}
    assert len(config.beyond_own("adam_corrected")) == 40


def test_other_data_have_what_names_none():
    config = load(FILE, {"dataset": "freesolv"})
    assert "factorial" in config.beyond_here and "generality" not in config.beyond_here
    assert {spec.dataset for spec in config.beyond_specs("factorial")} == {"freesolv"}


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"kind": "repeats", "experiments": ["tabel2"], "repeats": [0]}, "unknown experiment 'tabel2'"),
        ({"kind": "variant", "experiments": ["table7a"], "change": {"head": "mpl"}}, "unknown head = 'mpl'"),
        ({"kind": "variant", "experiments": ["table1"], "change": {"head": "mlp"}}, "beyond.mine: "),
    ],
)
def test_what_cannot_be_is_one_line(entry, says):
    config = load(FILE, {"beyond": {"mine": {"title": "Mine", **entry}}})
    with pytest.raises(UserError, match=says):
        config.beyond_specs("mine")


def write(runs, folder):
    for r in runs:
        path = r.spec.path(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        best, last = list(r.best), list(r.last)
        path.write_text(json.dumps(made_up.record(r.spec, best=best, last=last)))
        path.with_name("run.meta.json").write_text(json.dumps(made_up.meta()))


def test_tables_and_a_figure_of_what_there_is(tmp_path, capsys):
    write(world(step=-0.03)[:30], tmp_path / "runs")
    config = load(FILE, {"preset": "paper"})
    table, figure = tmp_path / "factorial.csv", tmp_path / "figures" / "factorial.png"
    beyond.make("factorial", config, tmp_path / "runs", table, figure)
    assert "factorial: 162 of 192 records are missing, first " in capsys.readouterr().err
    written, drawn = (sorted(p.name for p in folder.iterdir() if p.is_file()) for folder in (tmp_path, figure.parent))
    tables = [
        f"factorial{part}.{kind}" for part in ("", "_corners", "_summary") for kind in ("csv", "json", "md", "tex")
    ]
    assert written == sorted(tables) and drawn == [f"factorial.{kind}" for kind in ("json", "md", "pdf", "png")]
    assert "NOT COMPLETE" in figure.with_suffix(".md").read_text()
    text = (tmp_path / "factorial_corners.md").read_text()
    assert "NOT COMPLETE: 162 runs have no record" in text and "base, skip05, averaged" in text
    assert "better" in (tmp_path / "factorial.tex").read_text()
    (row,) = Grid.read(tmp_path / "factorial_summary.json").rows
    assert row[1] == "all (5)" and row[2].startswith("-0.031 [") and row[2].endswith("]*") and "*" not in row[3]
    with pytest.raises(UserError, match="no record of equal_size yet"):
        beyond.make("equal_size", config, tmp_path / "none", None, None)
    with pytest.raises(UserError, match="a figure's caption is a .md file too"):
        beyond.make("factorial", config, tmp_path / "runs", table, table.with_suffix(".png"))
